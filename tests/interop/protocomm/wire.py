"""Messages of Espressif's unified provisioning, built at run time from the tables below.

Two dialects share all their numbers: "net" (network_provisioning: Wi-Fi or Thread) and "wifi"
(the older wifi_provisioning: no attempt_failed, nothing of Thread). A class is had by
wire.net.NetworkConfigPayload or wire.wifi.NetworkConfigPayload; the names are those of "net".
"""

import re

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

ENUMS = {
    'Status': 'Success InvalidSecScheme InvalidProto TooManySessions InvalidArgument '
              'InternalError CryptoError InvalidSession',
    'SecSchemeVersion': 'SecScheme0 SecScheme1 SecScheme2',
    'Sec0MsgType': 'S0_Session_Command S0_Session_Response',
    'Sec1MsgType': 'Sec1Command0 Sec1Response0 Sec1Command1 Sec1Response1',
    'Sec2MsgType': 'Sec2Command0 Sec2Response0 Sec2Command1 Sec2Response1',
    'WifiStationState': 'Connected Connecting Disconnected ConnectionFailed',
    'WifiConnectFailedReason': 'AuthError WifiNetworkNotFound',
    'WifiAuthMode': 'Open WEP WPA_PSK WPA2_PSK WPA_WPA2_PSK WPA2_ENTERPRISE WPA3_PSK WPA2_WPA3_PSK',
    'ThreadNetworkState': 'Attached Attaching Dettached AttachingFailed',
    'ThreadAttachFailedReason': 'DatasetInvalid ThreadNetworkNotFound',
    'ConfigMsgType': 'CmdGetWifiStatus RespGetWifiStatus CmdSetWifiConfig RespSetWifiConfig '
                     'CmdApplyWifiConfig RespApplyWifiConfig CmdGetThreadStatus '
                     'RespGetThreadStatus CmdSetThreadConfig RespSetThreadConfig '
                     'CmdApplyThreadConfig RespApplyThreadConfig',
    'ScanMsgType': 'CmdScanWifiStart RespScanWifiStart CmdScanWifiStatus RespScanWifiStatus '
                   'CmdScanWifiResult RespScanWifiResult CmdScanThreadStart RespScanThreadStart '
                   'CmdScanThreadStatus RespScanThreadStatus CmdScanThreadResult '
                   'RespScanThreadResult',
    'CtrlMsgType': 'CtrlReserved CmdCtrlWifiReset RespCtrlWifiReset CmdCtrlWifiReprov '
                   'RespCtrlWifiReprov CmdCtrlThreadReset RespCtrlThreadReset '
                   'CmdCtrlThreadReprov RespCtrlThreadReprov',
}

# "type name=number", alternatives of the one oneof after "|", "*" for repeated.
MESSAGES = {
    'S0SessionCmd': '',
    'S0SessionResp': 'Status status=1',
    'Sec0Payload': 'Sec0MsgType msg=1 | S0SessionCmd sc=20, S0SessionResp sr=21',
    'S1SessionCmd0': 'bytes client_pubkey=1',
    'S1SessionResp0': 'Status status=1, bytes device_pubkey=2, bytes device_random=3',
    'S1SessionCmd1': 'bytes client_verify_data=2',
    'S1SessionResp1': 'Status status=1, bytes device_verify_data=3',
    'Sec1Payload': 'Sec1MsgType msg=1 | S1SessionCmd0 sc0=20, S1SessionResp0 sr0=21, '
                   'S1SessionCmd1 sc1=22, S1SessionResp1 sr1=23',
    'S2SessionCmd0': 'bytes client_username=1, bytes client_pubkey=2',
    'S2SessionResp0': 'Status status=1, bytes device_pubkey=2, bytes device_salt=3',
    'S2SessionCmd1': 'bytes client_proof=1',
    'S2SessionResp1': 'Status status=1, bytes device_proof=2, bytes device_nonce=3',
    'Sec2Payload': 'Sec2MsgType msg=1 | S2SessionCmd0 sc0=20, S2SessionResp0 sr0=21, '
                   'S2SessionCmd1 sc1=22, S2SessionResp1 sr1=23',
    'SessionData': 'SecSchemeVersion sec_ver=2 | Sec0Payload sec0=10, Sec1Payload sec1=11, '
                   'Sec2Payload sec2=12',

    'WifiConnectedState': 'string ip4_addr=1, WifiAuthMode auth_mode=2, bytes ssid=3, '
                          'bytes bssid=4, int32 channel=5',
    'WifiAttemptFailed': 'uint32 attempts_remaining=1',
    'ThreadAttachState': 'uint32 pan_id=1, bytes ext_pan_id=2, uint32 channel=3, string name=4',
    'CmdGetWifiStatus': '',
    'RespGetWifiStatus': 'Status status=1, WifiStationState wifi_sta_state=2 | '
                         'WifiConnectFailedReason wifi_fail_reason=10, '
                         'WifiConnectedState wifi_connected=11, '
                         'WifiAttemptFailed attempt_failed=12',
    'CmdSetWifiConfig': 'bytes ssid=1, bytes passphrase=2, bytes bssid=3, int32 channel=4',
    'RespSetWifiConfig': 'Status status=1',
    'CmdApplyWifiConfig': '',
    'RespApplyWifiConfig': 'Status status=1',
    'CmdGetThreadStatus': '',
    'RespGetThreadStatus': 'Status status=1, ThreadNetworkState thread_state=2 | '
                           'ThreadAttachFailedReason thread_fail_reason=10, '
                           'ThreadAttachState thread_attached=11',
    'CmdSetThreadConfig': 'bytes dataset=1',
    'RespSetThreadConfig': 'Status status=1',
    'CmdApplyThreadConfig': '',
    'RespApplyThreadConfig': 'Status status=1',
    'NetworkConfigPayload': 'ConfigMsgType msg=1 | CmdGetWifiStatus cmd_get_wifi_status=10, '
                            'RespGetWifiStatus resp_get_wifi_status=11, '
                            'CmdSetWifiConfig cmd_set_wifi_config=12, '
                            'RespSetWifiConfig resp_set_wifi_config=13, '
                            'CmdApplyWifiConfig cmd_apply_wifi_config=14, '
                            'RespApplyWifiConfig resp_apply_wifi_config=15, '
                            'CmdGetThreadStatus cmd_get_thread_status=16, '
                            'RespGetThreadStatus resp_get_thread_status=17, '
                            'CmdSetThreadConfig cmd_set_thread_config=18, '
                            'RespSetThreadConfig resp_set_thread_config=19, '
                            'CmdApplyThreadConfig cmd_apply_thread_config=20, '
                            'RespApplyThreadConfig resp_apply_thread_config=21',

    'WiFiScanResult': 'bytes ssid=1, uint32 channel=2, int32 rssi=3, bytes bssid=4, '
                      'WifiAuthMode auth=5',
    'ThreadScanResult': 'uint32 pan_id=1, uint32 channel=2, int32 rssi=3, uint32 lqi=4, '
                        'bytes ext_addr=5, string network_name=6, bytes ext_pan_id=7',
    'CmdScanWifiStart': 'bool blocking=1, bool passive=2, uint32 group_channels=3, '
                        'uint32 period_ms=4',
    'RespScanWifiStart': '',
    'CmdScanWifiStatus': '',
    'RespScanWifiStatus': 'bool scan_finished=1, uint32 result_count=2',
    'CmdScanWifiResult': 'uint32 start_index=1, uint32 count=2',
    'RespScanWifiResult': '*WiFiScanResult entries=1',
    'CmdScanThreadStart': 'bool blocking=1, uint32 channel_mask=2',
    'RespScanThreadStart': '',
    'CmdScanThreadStatus': '',
    'RespScanThreadStatus': 'bool scan_finished=1, uint32 result_count=2',
    'CmdScanThreadResult': 'uint32 start_index=1, uint32 count=2',
    'RespScanThreadResult': '*ThreadScanResult entries=1',
    'NetworkScanPayload': 'ScanMsgType msg=1, Status status=2 | '
                          'CmdScanWifiStart cmd_scan_wifi_start=10, '
                          'RespScanWifiStart resp_scan_wifi_start=11, '
                          'CmdScanWifiStatus cmd_scan_wifi_status=12, '
                          'RespScanWifiStatus resp_scan_wifi_status=13, '
                          'CmdScanWifiResult cmd_scan_wifi_result=14, '
                          'RespScanWifiResult resp_scan_wifi_result=15, '
                          'CmdScanThreadStart cmd_scan_thread_start=16, '
                          'RespScanThreadStart resp_scan_thread_start=17, '
                          'CmdScanThreadStatus cmd_scan_thread_status=18, '
                          'RespScanThreadStatus resp_scan_thread_status=19, '
                          'CmdScanThreadResult cmd_scan_thread_result=20, '
                          'RespScanThreadResult resp_scan_thread_result=21',

    'CtrlEmpty': '',
    'NetworkCtrlPayload': 'CtrlMsgType msg=1, Status status=2 | '
                          'CtrlEmpty cmd_ctrl_wifi_reset=11, CtrlEmpty resp_ctrl_wifi_reset=12, '
                          'CtrlEmpty cmd_ctrl_wifi_reprov=13, '
                          'CtrlEmpty resp_ctrl_wifi_reprov=14, '
                          'CtrlEmpty cmd_ctrl_thread_reset=15, '
                          'CtrlEmpty resp_ctrl_thread_reset=16, '
                          'CtrlEmpty cmd_ctrl_thread_reprov=17, '
                          'CtrlEmpty resp_ctrl_thread_reprov=18',
}

NUMBERS = {name: {word: i for i, word in enumerate(words.split())}
           for name, words in ENUMS.items()}
Status, WifiState, ThreadState, WifiReason, ThreadReason = (
    type(short, (), NUMBERS[name]) for short, name in (
        ('Status', 'Status'), ('WifiState', 'WifiStationState'),
        ('ThreadState', 'ThreadNetworkState'), ('WifiReason', 'WifiConnectFailedReason'),
        ('ThreadReason', 'ThreadAttachFailedReason')))

DecodeError = message.DecodeError


class BadMessage(Exception):
    """Bytes that are no message of the kind that is wanted here."""


class Dialect:
    """The message classes of one dialect, as attributes, and its enumerations' numbers."""

    def __init__(self, name, leave_out=None):
        self.name = name
        scalar = descriptor_pb2.FieldDescriptorProto
        scalars = {'bytes': scalar.TYPE_BYTES, 'string': scalar.TYPE_STRING,
                   'bool': scalar.TYPE_BOOL, 'int32': scalar.TYPE_INT32,
                   'uint32': scalar.TYPE_UINT32}

        def out(word):
            return leave_out is not None and re.search(leave_out, word)

        file = descriptor_pb2.FileDescriptorProto(name=name + '.proto', package=name,
                                                  syntax='proto3')
        for enum, words in ENUMS.items():
            made = file.enum_type.add(name=enum)
            for number, word in enumerate(words.split()):
                made.value.add(name=enum + '_' + word, number=number)
        titles = [title for title in MESSAGES if not out(title.lower())]
        for title in titles:
            text, made = MESSAGES[title], file.message_type.add(name=title)
            plain, _, alternatives = text.partition('|')
            if alternatives:
                made.oneof_decl.add(name='payload')
            for part, in_oneof in ((plain, False), (alternatives, True)):
                for repeated, kind, field, number in re.findall(r'(\*?)(\w+) (\w+)=(\d+)', part):
                    if out(field):
                        continue
                    f = made.field.add(name=field, number=int(number))
                    f.label = f.LABEL_REPEATED if repeated else f.LABEL_OPTIONAL
                    if kind in scalars:
                        f.type = scalars[kind]
                    else:
                        f.type = f.TYPE_ENUM if kind in ENUMS else f.TYPE_MESSAGE
                        f.type_name = f'.{name}.{kind}'
                    if in_oneof:
                        f.oneof_index = 0
        pool = descriptor_pool.DescriptorPool()
        pool.Add(file)
        make = getattr(message_factory, 'GetMessageClass', None)
        make = make or message_factory.MessageFactory(pool).GetPrototype
        for title in titles:
            setattr(self, title, make(pool.FindMessageTypeByName(f'{name}.{title}')))

    def build(self, payload, kind, fields=None, empty='present', **top):
        """A message's bytes. empty='absent' leaves out a body that may be left out; not that of
        CmdGetWifiStatus, whose number is zero: nothing would be left to send."""
        made = getattr(self, payload)(msg=NUMBERS[KIND[payload]][kind], **top)
        if (fields or empty == 'present' or kind in NEEDS_BODY or
                NUMBERS[KIND[payload]][kind] == 0):
            body = getattr(made, field_of(kind))
            body.MergeFrom(type(body)(**(fields or {})))
            body.SetInParent()
        return made.SerializeToString(deterministic=True)

    def parse(self, payload, data):
        """(kind, payload, body) of data; kind and body must agree, unless there is no body."""
        made = getattr(self, payload)()
        try:
            made.ParseFromString(data)
        except DecodeError:
            raise BadMessage('not a ' + payload) from None
        kind = name_in(KIND[payload], made.msg)
        field = field_of(kind)
        if field not in made.DESCRIPTOR.fields_by_name:
            raise BadMessage(f'{payload} of unknown kind {made.msg}')
        present = made.WhichOneof('payload')
        if present not in (None, field):
            raise BadMessage(f'{kind} carries {present}')
        if present is None and kind in NEEDS_BODY:
            raise BadMessage(f'{kind} without its body')
        return kind, made, getattr(made, field)


KIND = {'NetworkConfigPayload': 'ConfigMsgType', 'NetworkScanPayload': 'ScanMsgType',
        'NetworkCtrlPayload': 'CtrlMsgType'}

# A message that means something only with its body; elsewhere absent and empty mean the same.
NEEDS_BODY = {'CmdSetWifiConfig', 'CmdSetThreadConfig', 'CmdScanWifiStart', 'CmdScanThreadStart',
              'CmdScanWifiResult', 'CmdScanThreadResult', 'RespGetWifiStatus',
              'RespGetThreadStatus', 'RespSetWifiConfig', 'RespSetThreadConfig',
              'RespApplyWifiConfig', 'RespApplyThreadConfig', 'RespScanWifiStatus',
              'RespScanThreadStatus', 'RespScanWifiResult', 'RespScanThreadResult'}


def field_of(kind):
    """CmdSetWifiConfig -> cmd_set_wifi_config."""
    return re.sub(r'(?<!^)(?=[A-Z])', '_', kind).lower()


def name_in(enum, number):
    """A number's name in an enumeration; a number it does not have stays a number."""
    names = ENUMS[enum].split()
    return names[number] if 0 <= number < len(names) else str(number)


net = Dialect('net')
wifi = Dialect('wifi', leave_out='attempt_failed|thread')


# Thread operational datasets.

TLV_LENGTHS = {0: (3,), 1: (2,), 2: (8,), 3: range(1, 17), 4: (16,), 5: (16,), 7: (8,),
               12: (3, 4), 14: (8,), 51: (8,), 52: (4,), 59: range(0, 17), 74: (3,)}


def parse_dataset(data):
    """{type: value}; ValueError says what is wrong."""
    if len(data) > 254:
        raise ValueError('longer than 254 bytes')
    found, at = {}, 0
    while at < len(data):
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            raise ValueError('cut short')
        kind, value = data[at], data[at + 2:at + 2 + data[at + 1]]
        at += 2 + len(value)
        if kind in found:
            raise ValueError(f'type {kind} twice')
        if kind in TLV_LENGTHS and len(value) not in TLV_LENGTHS[kind]:
            raise ValueError(f'type {kind} is {len(value)} bytes long')
        found[kind] = value
    if 0 in found and not (found[0][0] == 0 and 11 <= int.from_bytes(found[0][1:], 'big') <= 26):
        raise ValueError('no channel of 2.4 GHz')
    if found.get(1) == b'\xff\xff':
        raise ValueError('broadcast PAN ID')
    if 7 in found and found[7][0] != 0xfd:
        raise ValueError('mesh-local prefix is not fd..')
    if 3 in found:
        try:
            found[3].decode()
        except UnicodeDecodeError:
            raise ValueError('network name is not UTF-8') from None
    return found


def dataset(tlvs):
    """{type: value} as bytes, in the order given."""
    return b''.join(bytes([kind, len(value)]) + value for kind, value in tlvs.items())


def dataset_of_scan(result, key):
    """What a client builds from a scanned network and its typed key."""
    made = {0: b'\0' + result['channel'].to_bytes(2, 'big'), 2: result['ext_pan_id'], 5: key,
            1: result['pan_id'].to_bytes(2, 'big')}
    if 1 <= len(result['name'].encode()) <= 16:
        made[3] = result['name'].encode()
    return dataset(made)

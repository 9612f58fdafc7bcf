// ble-host as peripheral, with the 8b84 service as the published sample has it: troth finds it,
// pairs, provisions it, and comes back with the bond.
//   peripheral.js just-works | passkey | numeric
'use strict';
const stage = require('./stage.js');
const { AdvertisingDataBuilder, AssociationModels, AttErrors, IOCapabilities } = stage.bleHost;

const cases = {
    'just-works': { ioCap: IOCapabilities.NO_INPUT_NO_OUTPUT, perm: 'encrypted', client: 'none',
        expect: AssociationModels.JUST_WORKS, mitm: false },
    'passkey': { ioCap: IOCapabilities.DISPLAY_ONLY, perm: 'encrypted-mitm-sc',
        client: 'keyboard-only', expect: AssociationModels.PASSKEY_ENTRY_INIT_INPUTS, mitm: true },
    'numeric': { ioCap: IOCapabilities.DISPLAY_YES_NO, perm: 'encrypted-mitm-sc',
        client: 'display-yes-no', expect: AssociationModels.NUMERIC_COMPARISON, mitm: true },
};
const it = cases[process.argv[2]];
const uuid = (id) => `8B84${id}-F6FA-4E33-9A0C-E14D9F35F201`;
const name = 'Foreign';

stage.tell(async () => {
    const air = await stage.startAir();
    const manager = await stage.manager(air);
    const got = {};
    let state = 0, client = null, pairings = 0, encrypted = null;

    const write = (id, key) => ({ uuid: uuid(id), properties: ['write'], writePerm: it.perm,
        onWrite: (connection, needsResponse, value, callback) => {
            got[key] = value;
            callback(AttErrors.SUCCESS);
        } });
    const status = { uuid: uuid('0006'), properties: ['read', 'notify'], readPerm: it.perm,
        descriptors: [{ uuid: 0x2902, writePerm: it.perm }],
        onRead: (connection, callback) => callback(AttErrors.SUCCESS, Buffer.from([state])) };
    const control = { uuid: uuid('0005'), properties: ['write'], writePerm: it.perm,
        onWrite: (connection, needsResponse, value, callback) => {
            got.control = value;
            callback(AttErrors.SUCCESS);
            for (const s of [2, 3])
                status.notifyAll(Buffer.from([state = s]));
        } };
    manager.gattDb.setDeviceName(name);
    manager.gattDb.addServices([{ uuid: uuid('0001'), characteristics: [write('0002', 'ssid'),
        write('0003', 'password'), write('0004', 'security'), control, status] }]);

    manager.setAdvertisingData(new AdvertisingDataBuilder().addFlags(['leGeneralDiscoverableMode',
        'brEdrNotSupported']).addLocalName(true, name).build());
    const advertise = () => manager.startAdvertising({}, (err, connection) => {
        stage.note('ble-host', 'connected: ' + connection.peerAddress);
        const smp = connection.smp;
        smp.on('pairingRequest', (req, callback) => {
            pairings++;
            callback({ ioCap: it.ioCap, mitm: it.mitm, sc: true, bondingFlags: 1 });
        });
        smp.on('passkeyExchange', (model, passkey, callback) => {
            stage.note('ble-host', AssociationModels.toString(model) + ' ' + passkey);
            if (model !== it.expect)
                throw new Error('another association model than expected');
            if (model === AssociationModels.NUMERIC_COMPARISON) {
                client.child.stdin.write('yes\n');
                callback();
            } else {
                client.child.stdin.write(String(passkey).padStart(6, '0') + '\n');
            }
        });
        smp.on('pairingComplete', (res) => { got.paired = res; });
        smp.on('encrypt', (s, level) => { encrypted = { status: s, ...level }; });
        connection.on('disconnect', advertise);
    });
    advertise();

    const common = ['--transport', air.transport, '--store', stage.dir + '/client.db'];
    const answers = it.client === 'keyboard-only' ? ['--passkey', '-']
        : it.client === 'display-yes-no' ? ['--compare', '-'] : [];
    const scan = stage.run('troth', ['scan', '--for', '1', '--json', ...common], { as: 'scan' });
    await scan.line(/"Foreign"/);
    await scan.done;

    const password = stage.write('password', 'eight or more');
    client = stage.run('troth', ['provision', 'wifi', name, '--ssid', 'Interop', '--password-file',
        password, '--io-cap', it.client, ...answers, ...common], { as: 'troth' });
    stage.assert(await client.done === 0, 'troth says it provisioned the foreign device');
    stage.assert(got.ssid.toString() === 'Interop', 'the SSID arrived');
    stage.assert(got.password.toString() === 'eight or more', 'the password arrived');
    stage.assert(got.control[0] === 1, 'CONNECT arrived');
    stage.assert(got.paired && got.paired.sc && got.paired.mitm === it.mitm, 'paired as expected');

    encrypted = null;
    client = stage.run('troth', ['status', name, '--json', ...common], { as: 'troth' });
    stage.assert(await client.done === 0, 'troth reads the protected status');
    stage.assert(client.lines.some((l) => /CONNECTED/.test(l)), 'which is CONNECTED');
    stage.assert(pairings === 1 && encrypted && encrypted.status === 0, 'by the bond alone');
});

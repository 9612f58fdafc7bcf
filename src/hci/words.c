/* The error codes of Vol 1 Part F 1.3, in words for people. */
#include <troth/gap.h>

struct code {
    const char *name, *words;
};

static const struct code codes[] = {
    [0x00] = {"SUCCESS", "done"},
    [0x01] = {"UNKNOWN_HCI_COMMAND", "the Bluetooth controller does not know this command"},
    [0x02] = {"UNKNOWN_CONNECTION_IDENTIFIER", "there is no such connection"},
    [0x03] = {"HARDWARE_FAILURE", "the Bluetooth controller failed; reset it or plug it in again"},
    [0x04] = {"PAGE_TIMEOUT", "the other device did not answer; is it switched on and near?"},
    [0x05] = {"AUTHENTICATION_FAILURE", "the devices could not prove their keys to each other"},
    [0x06] = {"PIN_OR_KEY_MISSING",
              "the other device has forgotten the pairing; remove the bond on "
              "this side and pair again"},
    [0x07] = {"MEMORY_CAPACITY_EXCEEDED", "the controller has no memory left for this"},
    [0x08] = {"CONNECTION_TIMEOUT", "the other device stopped answering; it may be out of range or "
                                    "switched off"},
    [0x09] = {"CONNECTION_LIMIT_EXCEEDED", "the controller cannot hold more connections; end one"},
    [0x0a] = {"SYNCHRONOUS_CONNECTION_LIMIT_EXCEEDED",
              "the other device takes no more synchronous connections"},
    [0x0b] = {"CONNECTION_ALREADY_EXISTS", "the devices are connected already"},
    [0x0c] = {"COMMAND_DISALLOWED", "the controller cannot do this now"},
    [0x0d] = {"REJECTED_LIMITED_RESOURCES", "the other device refused: it has no resources left"},
    [0x0e] = {"REJECTED_SECURITY", "the other device refused for security reasons"},
    [0x0f] = {"REJECTED_UNACCEPTABLE_ADDRESS", "the other device does not take this address"},
    [0x10] = {"CONNECTION_ACCEPT_TIMEOUT", "the connection was not accepted in time"},
    [0x11] = {"UNSUPPORTED_FEATURE_OR_VALUE", "the controller does not support this"},
    [0x12] = {"INVALID_HCI_COMMAND_PARAMETERS", "the controller found a parameter out of range"},
    [0x13] = {"REMOTE_USER_TERMINATED", "the other device ended the connection"},
    [0x14] = {"REMOTE_LOW_RESOURCES", "the other device ended the connection: it ran out of "
                                      "resources"},
    [0x15] = {"REMOTE_POWER_OFF", "the other device ended the connection: it is switching off"},
    [0x16] = {"TERMINATED_BY_LOCAL_HOST", "this device ended the connection"},
    [0x17] = {"REPEATED_ATTEMPTS", "too soon after a failed attempt; wait and try again"},
    [0x18] = {"PAIRING_NOT_ALLOWED", "the other device does not allow pairing"},
    [0x19] = {"UNKNOWN_LMP_PDU", "the other device sent something the controller does not know"},
    [0x1a] = {"UNSUPPORTED_REMOTE_FEATURE", "the other device does not support this"},
    [0x1b] = {"SCO_OFFSET_REJECTED", "the synchronous connection's offset was refused"},
    [0x1c] = {"SCO_INTERVAL_REJECTED", "the synchronous connection's interval was refused"},
    [0x1d] = {"SCO_AIR_MODE_REJECTED", "the synchronous connection's air mode was refused"},
    [0x1e] = {"INVALID_LL_PARAMETERS", "the other controller found a parameter out of range"},
    [0x1f] = {"UNSPECIFIED_ERROR", "the controller gave no reason"},
    [0x20] = {"UNSUPPORTED_LL_PARAMETER", "the other controller does not support a value"},
    [0x21] = {"ROLE_CHANGE_NOT_ALLOWED", "the roles cannot be changed now"},
    [0x22] = {"LL_RESPONSE_TIMEOUT", "the other controller did not answer in time; connect again"},
    [0x23] = {"LL_PROCEDURE_COLLISION", "both controllers began the same procedure; try again"},
    [0x24] = {"LMP_PDU_NOT_ALLOWED", "the other controller sent something out of turn"},
    [0x25] = {"ENCRYPTION_MODE_NOT_ACCEPTABLE", "the other device does not accept this encryption"},
    [0x26] = {"LINK_KEY_CANNOT_BE_CHANGED", "the link key cannot be changed"},
    [0x27] = {"REQUESTED_QOS_NOT_SUPPORTED", "the requested quality of service is not supported"},
    [0x28] = {"INSTANT_PASSED",
              "the controllers agreed on a moment that had passed; connect again"},
    [0x29] = {"PAIRING_WITH_UNIT_KEY_NOT_SUPPORTED", "pairing with a unit key is not supported"},
    [0x2a] = {"DIFFERENT_TRANSACTION_COLLISION", "two procedures collided; try again"},
    [0x2c] = {"QOS_UNACCEPTABLE_PARAMETER", "a quality of service value is not acceptable"},
    [0x2d] = {"QOS_REJECTED", "the requested quality of service was refused"},
    [0x2e] = {"CHANNEL_CLASSIFICATION_NOT_SUPPORTED", "channel classification is not supported"},
    [0x2f] = {"INSUFFICIENT_SECURITY", "the connection is not secure enough; pair first"},
    [0x30] = {"PARAMETER_OUT_OF_MANDATORY_RANGE", "a parameter is out of the mandatory range"},
    [0x32] = {"ROLE_SWITCH_PENDING", "a change of roles is under way; try again"},
    [0x34] = {"RESERVED_SLOT_VIOLATION", "a reserved slot was used"},
    [0x35] = {"ROLE_SWITCH_FAILED", "the change of roles failed"},
    [0x36] = {"EXTENDED_INQUIRY_RESPONSE_TOO_LARGE", "the inquiry response does not fit"},
    [0x37] = {"SIMPLE_PAIRING_NOT_SUPPORTED", "the other device does not support simple pairing"},
    [0x38] = {"HOST_BUSY_PAIRING", "the other device is busy pairing; try again later"},
    [0x39] = {"REJECTED_NO_SUITABLE_CHANNEL", "no suitable radio channel was found"},
    [0x3a] = {"CONTROLLER_BUSY", "the controller is busy; try again"},
    [0x3b] = {"UNACCEPTABLE_CONNECTION_PARAMETERS", "the connection parameters were refused"},
    [0x3c] = {"ADVERTISING_TIMEOUT", "advertising ended without a connection"},
    [0x3d] = {"MIC_FAILURE",
              "the two devices hold different keys, or the data was tampered with; if "
              "it happens again, remove the bond on both sides and pair again"},
    [0x3e] = {"CONNECTION_NOT_ESTABLISHED",
              "the other device did not answer; is it switched on, near "
              "and advertising?"},
    [0x40] = {"COARSE_CLOCK_ADJUSTMENT_REJECTED", "the clock was not adjusted"},
    [0x41] = {"TYPE0_SUBMAP_NOT_DEFINED", "the submap is not defined"},
    [0x42] = {"UNKNOWN_ADVERTISING_IDENTIFIER", "there is no such advertising set"},
    [0x43] = {"LIMIT_REACHED", "the limit that was set has been reached"},
    [0x44] = {"OPERATION_CANCELLED_BY_HOST", "it was cancelled"},
    [0x45] = {"PACKET_TOO_LONG", "the packet is too long"},
    [0x46] = {"TOO_LATE", "it came too late"},
    [0x47] = {"TOO_EARLY", "it came too early"},
    [0x48] = {"INSUFFICIENT_CHANNELS", "there are too few radio channels"},
};

static const struct code *find(uint8_t status)
{
    static const struct code unknown = {"(unknown)",
                                        "an error code this version of troth does not know"};
    return status < sizeof codes / sizeof codes[0] && codes[status].name ? &codes[status]
                                                                         : &unknown;
}

const char *troth_hci_name(uint8_t status)
{
    return find(status)->name;
}

const char *troth_hci_words(uint8_t status)
{
    return find(status)->words;
}

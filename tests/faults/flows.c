#include "faults/flows.h"

#define ALL (TROTH_DIST_ENC | TROTH_DIST_ID | TROTH_DIST_SIGN)
#define B   TROTH_AUTH_BOND
#define M   TROTH_AUTH_MITM
#define S   TROTH_AUTH_SC

/* IO capability, OOB flag and AuthReq of one side; and its maximum key size. */
#define SIDE(io, oob, auth) SIZED(io, oob, auth, 16)
#define SIZED(io, oob, auth, size)                                                                 \
    {                                                                                              \
        io, oob, auth, size, ALL, ALL                                                              \
    }

const struct flow flows[FLOWS] = {
    {"legacy Just Works",
     {SIZED(TROTH_NO_INPUT_NO_OUTPUT, 0, B, 7), SIDE(TROTH_NO_INPUT_NO_OUTPUT, 0, B)},
     false,
     TROTH_JUST_WORKS},
    {"legacy Passkey, initiator inputs",
     {SIDE(TROTH_KEYBOARD_ONLY, 0, B | M), SIDE(TROTH_DISPLAY_ONLY, 0, B | M)},
     false,
     TROTH_PASSKEY_INITIATOR_INPUTS},
    {"legacy Passkey, responder inputs",
     {SIDE(TROTH_DISPLAY_ONLY, 0, B | M), SIDE(TROTH_KEYBOARD_ONLY, 0, B | M)},
     false,
     TROTH_PASSKEY_RESPONDER_INPUTS},
    {"legacy Passkey, both input",
     {SIDE(TROTH_KEYBOARD_ONLY, 0, B | M | S), SIZED(TROTH_KEYBOARD_ONLY, 0, B, 9)},
     false,
     TROTH_PASSKEY_BOTH_INPUT},
    {"legacy OOB",
     {SIDE(TROTH_DISPLAY_YES_NO, 1, B | M), SIDE(TROTH_KEYBOARD_ONLY, 1, B | M)},
     false,
     TROTH_OOB},
    {"SC Just Works",
     {SIDE(TROTH_NO_INPUT_NO_OUTPUT, 0, B | S), SIDE(TROTH_DISPLAY_YES_NO, 0, B | S)},
     true,
     TROTH_JUST_WORKS},
    {"SC Numeric Comparison",
     {SIDE(TROTH_DISPLAY_YES_NO, 0, B | M | S), SIZED(TROTH_KEYBOARD_DISPLAY, 0, B | S, 12)},
     true,
     TROTH_NUMERIC_COMPARISON},
    {"SC Passkey, initiator inputs",
     {SIDE(TROTH_KEYBOARD_ONLY, 0, B | M | S), SIDE(TROTH_DISPLAY_ONLY, 0, B | M | S)},
     true,
     TROTH_PASSKEY_INITIATOR_INPUTS},
    {"SC Passkey, responder inputs",
     {SIDE(TROTH_DISPLAY_YES_NO, 0, B | S), SIDE(TROTH_KEYBOARD_ONLY, 0, B | M | S)},
     true,
     TROTH_PASSKEY_RESPONDER_INPUTS},
    {"SC Passkey, both input",
     {SIDE(TROTH_KEYBOARD_ONLY, 0, B | M | S), SIDE(TROTH_KEYBOARD_ONLY, 0, B | M | S)},
     true,
     TROTH_PASSKEY_BOTH_INPUT},
    {"SC OOB {1,1}",
     {SIDE(TROTH_NO_INPUT_NO_OUTPUT, 1, B | M | S), SIDE(TROTH_NO_INPUT_NO_OUTPUT, 1, B | M | S)},
     true,
     TROTH_OOB},
    {"SC OOB {1,0}",
     {SIDE(TROTH_DISPLAY_ONLY, 1, B | M | S), SIDE(TROTH_DISPLAY_ONLY, 0, B | M | S)},
     true,
     TROTH_OOB},
    {"SC OOB {0,1}",
     {SIDE(TROTH_KEYBOARD_DISPLAY, 0, B | M | S), SIDE(TROTH_KEYBOARD_DISPLAY, 1, B | S)},
     true,
     TROTH_OOB},
};

const char *flow_pdu_name(uint8_t opcode)
{
    static const char *const names[] = {
        "0x00",
        "Pairing Request",
        "Pairing Response",
        "Pairing Confirm",
        "Pairing Random",
        "Pairing Failed",
        "Encryption Information",
        "Central Identification",
        "Identity Information",
        "Identity Address Information",
        "Signing Information",
        "Security Request",
        "Pairing Public Key",
        "Pairing DHKey Check",
        "Keypress Notification",
    };
    return opcode < sizeof names / sizeof names[0] ? names[opcode] : "(reserved)";
}

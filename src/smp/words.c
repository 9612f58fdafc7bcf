#include "smp/script.h"

#define NAME(table, i)                                                                             \
    ((i) < sizeof(table) / sizeof *(table) && (table)[i] ? (table)[i] : "(unknown)")

const char *troth_io_cap_name(uint8_t io_cap)
{
    static const char *const names[] = {"DISPLAY_ONLY", "DISPLAY_YES_NO", "KEYBOARD_ONLY",
                                        "NO_INPUT_NO_OUTPUT", "KEYBOARD_DISPLAY"};
    return NAME(names, io_cap);
}

const char *troth_model_name(uint8_t model)
{
    static const char *const names[] = {"JUST_WORKS",
                                        "PASSKEY_ENTRY_INIT_INPUTS",
                                        "PASSKEY_ENTRY_RSP_INPUTS",
                                        "PASSKEY_ENTRY_BOTH_INPUTS",
                                        "NUMERIC_COMPARISON",
                                        "OOB"};
    return NAME(names, model);
}

const char *troth_smp_reason_name(uint8_t reason)
{
    static const char *const names[] = {
        [TROTH_SMP_PASSKEY_ENTRY_FAILED] = "PASSKEY_ENTRY_FAILED",
        [TROTH_SMP_OOB_NOT_AVAILABLE] = "OOB_NOT_AVAILABLE",
        [TROTH_SMP_AUTHENTICATION_REQUIREMENTS] = "AUTHENTICATION_REQUIREMENTS",
        [TROTH_SMP_CONFIRM_VALUE_FAILED] = "CONFIRM_VALUE_FAILED",
        [TROTH_SMP_PAIRING_NOT_SUPPORTED] = "PAIRING_NOT_SUPPORTED",
        [TROTH_SMP_ENCRYPTION_KEY_SIZE] = "ENCRYPTION_KEY_SIZE",
        [TROTH_SMP_COMMAND_NOT_SUPPORTED] = "COMMAND_NOT_SUPPORTED",
        [TROTH_SMP_UNSPECIFIED_REASON] = "UNSPECIFIED_REASON",
        [TROTH_SMP_REPEATED_ATTEMPTS] = "REPEATED_ATTEMPTS",
        [TROTH_SMP_INVALID_PARAMETERS] = "INVALID_PARAMETERS",
        [TROTH_SMP_DHKEY_CHECK_FAILED] = "DHKEY_CHECK_FAILED",
        [TROTH_SMP_NUMERIC_COMPARISON_FAILED] = "NUMERIC_COMPARISON_FAILED",
        [TROTH_SMP_BR_EDR_PAIRING_IN_PROGRESS] = "BR_EDR_PAIRING_IN_PROGRESS",
        [TROTH_SMP_CTKD_NOT_ALLOWED] = "CROSS_TRANSPORT_KEY_DERIVATION_GENERATION_NOT_ALLOWED",
        [TROTH_SMP_KEY_REJECTED] = "KEY_REJECTED",
        [TROTH_SMP_BUSY] = "BUSY",
    };
    return NAME(names, reason);
}

const char *troth_smp_reason_words(uint8_t reason)
{
    static const char *const words[] = {
        [0] = "it did not finish; try again, close to the device",
        [TROTH_SMP_PASSKEY_ENTRY_FAILED] =
            "the passkey was not typed; start again and type the six "
            "digits the other device shows",
        [TROTH_SMP_OOB_NOT_AVAILABLE] = "the out-of-band data is missing; hand it over again, or "
                                        "pair without it",
        [TROTH_SMP_AUTHENTICATION_REQUIREMENTS] =
            "one side demands more security than the other offers; compare both IO capabilities, "
            "Secure Connections and MITM settings, and look for an older, stronger bond",
        [TROTH_SMP_CONFIRM_VALUE_FAILED] = "the two sides did not have the same passkey or data; "
                                           "start again and type the digits with care",
        [TROTH_SMP_PAIRING_NOT_SUPPORTED] = "the device takes no new pairing now; open its pairing "
                                            "window",
        [TROTH_SMP_ENCRYPTION_KEY_SIZE] = "the encryption key would be too short; raise the other "
                                          "side's maximum key size",
        [TROTH_SMP_COMMAND_NOT_SUPPORTED] = "the device does not know this pairing command",
        [TROTH_SMP_UNSPECIFIED_REASON] = "no reason was given, or somebody said no; look at the "
                                         "other device and start again",
        [TROTH_SMP_REPEATED_ATTEMPTS] = "too many attempts failed; wait before the next one",
        [TROTH_SMP_INVALID_PARAMETERS] = "a pairing message was malformed; update the other side's "
                                         "software",
        [TROTH_SMP_DHKEY_CHECK_FAILED] = "the key agreement did not match: a wrong public key, or "
                                         "somebody in the middle",
        [TROTH_SMP_NUMERIC_COMPARISON_FAILED] = "the numbers were not confirmed to be equal; if "
                                                "they differed, somebody may be in the middle",
        [TROTH_SMP_BR_EDR_PAIRING_IN_PROGRESS] = "a classic Bluetooth pairing is running; wait "
                                                 "until it ends",
        [TROTH_SMP_CTKD_NOT_ALLOWED] = "keys may not be derived for the other transport",
        [TROTH_SMP_KEY_REJECTED] = "a key was refused: it would have replaced a stronger bond, or "
                                   "another device's; remove the old bond first",
        [TROTH_SMP_BUSY] = "the device is busy; try again later",
    };
    return NAME(words, reason);
}

const char *troth_smp_step_words(uint8_t step)
{
    static const char *const words[SMP_LOCALS] = {
        [SMP_PAIRING_REQUEST] = "Pairing Request",
        [SMP_PAIRING_RESPONSE] = "Pairing Response",
        [SMP_CONFIRM] = "Pairing Confirm",
        [SMP_RANDOM] = "Pairing Random",
        [SMP_FAILED] = "Pairing Failed",
        [SMP_ENCRYPTION_INFORMATION] = "Encryption Information",
        [SMP_CENTRAL_IDENTIFICATION] = "Central Identification",
        [SMP_IDENTITY_INFORMATION] = "Identity Information",
        [SMP_IDENTITY_ADDRESS] = "Identity Address Information",
        [SMP_SIGNING_INFORMATION] = "Signing Information",
        [SMP_SECURITY_REQUEST] = "Security Request",
        [SMP_PUBLIC_KEY] = "Pairing Public Key",
        [SMP_DHKEY_CHECK] = "Pairing DHKey Check",
        [SMP_KEYPRESS] = "Keypress Notification",
        [ACCEPT] = "accepting the pairing",
        [VALIDATE] = "accepting the features",
        [KEYPAIR] = "making a key pair",
        [DHKEY] = "computing the DHKey",
        [SECRET] = "passkey or OOB data",
        [VERIFY_USER] = "comparing the numbers",
        [DHKEY_READY] = "computing the DHKey",
        [ENCRYPT] = "encrypting the link",
        [ACKED] = "distributing the keys",
        [COMMIT] = "storing the bond",
    };
    return step < SMP_LOCALS && words[step] ? words[step] : "idle";
}

const char *troth_policy_insecure(const struct troth_policy *p, unsigned i)
{
    const struct {
        bool on;
        const char *words;
    } choices[] = {
        {p->fixed_passkey, "a fixed passkey: whoever has seen it once can pair"},
        {p->use_debug_keys, "our own debug keys: a sniffer reads everything along"},
        {p->accept_debug_keys, "a peer's debug keys are accepted: a sniffer may read along"},
        {p->replace_weaker, "a weaker pairing may replace a bond"},
        {p->attempts == 255, "pairing may be tried without limit: passkeys can be guessed"},
    };
    for (unsigned k = 0; k < sizeof choices / sizeof choices[0]; k++)
        if (choices[k].on && i-- == 0)
            return choices[k].words;
    return NULL;
}

void troth_passkey_text(uint32_t passkey, char text[7])
{
    const bool sound = passkey <= 999999;
    for (unsigned i = 6; i-- > 0; passkey /= 10)
        text[i] = (char)('0' + passkey % 10);
    text[sound ? 6 : 0] = '\0';
}

#include "smp/script.h"

/* Vol 3 Part H 2.3.5.2 */
const struct smp_step smp_script_features[] = {
    {I2R, SMP_PAIRING_REQUEST, 0},  {RESP, ACCEPT, 0},   {RESP, VALIDATE, 0},
    {R2I, SMP_PAIRING_RESPONSE, 0}, {INIT, VALIDATE, 0}, {THEN, BY_MODEL, 0},
};

/* 2.3.5.5: the models differ only in what SECRET asks. */
static const struct smp_step legacy[] = {
    {LOCAL, SECRET, 0},       {I2R, SMP_CONFIRM, DRAWS},         {R2I, SMP_CONFIRM, DRAWS | MIRROR},
    {I2R, SMP_RANDOM, OPENS}, {R2I, SMP_RANDOM, OPENS | MIRROR}, {LOCAL, ENCRYPT, 0},
    {THEN, KEYS, 0},
};

/* 2.3.5.6.2: Just Works and Numeric Comparison. */
static const struct smp_step sc_compare[] = {
    {LOCAL, KEYPAIR, 0},
    {I2R, SMP_PUBLIC_KEY, 0},
    {R2I, SMP_PUBLIC_KEY, 0},
    {LOCAL, DHKEY, 0},
    {R2I, SMP_CONFIRM, DRAWS},
    {I2R, SMP_RANDOM, DRAWS},
    {R2I, SMP_RANDOM, OPENS | MIRROR},
    {LOCAL, VERIFY_USER, 0},
    {LOCAL, DHKEY_READY, 0},
    {I2R, SMP_DHKEY_CHECK, 0},
    {R2I, SMP_DHKEY_CHECK, 0},
    {LOCAL, ENCRYPT, 0},
    {THEN, KEYS, 0},
};

/* 2.3.5.6.3 */
static const struct smp_step sc_passkey[] = {
    {LOCAL, KEYPAIR, 0},
    {I2R, SMP_PUBLIC_KEY, 0},
    {R2I, SMP_PUBLIC_KEY, 0},
    {LOCAL, DHKEY, 0},
    {LOCAL, SECRET, 0},
    {I2R, SMP_CONFIRM, DRAWS},
    {R2I, SMP_CONFIRM, DRAWS | MIRROR},
    {I2R, SMP_RANDOM, OPENS},
    {R2I, SMP_RANDOM, OPENS | MIRROR},
    {AGAIN, 0, 4},
    {LOCAL, DHKEY_READY, 0},
    {I2R, SMP_DHKEY_CHECK, 0},
    {R2I, SMP_DHKEY_CHECK, 0},
    {LOCAL, ENCRYPT, 0},
    {THEN, KEYS, 0},
};

/* 2.3.5.6.4: the commitments travelled out of band. */
static const struct smp_step sc_oob[] = {
    {LOCAL, KEYPAIR, 0},
    {I2R, SMP_PUBLIC_KEY, 0},
    {R2I, SMP_PUBLIC_KEY, 0},
    {LOCAL, DHKEY, 0},
    {LOCAL, SECRET, 0},
    {I2R, SMP_RANDOM, DRAWS | OPENS},
    {R2I, SMP_RANDOM, DRAWS | OPENS | MIRROR},
    {LOCAL, DHKEY_READY, 0},
    {I2R, SMP_DHKEY_CHECK, 0},
    {R2I, SMP_DHKEY_CHECK, 0},
    {LOCAL, ENCRYPT, 0},
    {THEN, KEYS, 0},
};

/* 3.6.1: the responder's keys, then the initiator's. */
const struct smp_step smp_script_keys[] = {
    {R2I, SMP_ENCRYPTION_INFORMATION, TROTH_DIST_ENC},
    {R2I, SMP_CENTRAL_IDENTIFICATION, TROTH_DIST_ENC},
    {R2I, SMP_IDENTITY_INFORMATION, TROTH_DIST_ID},
    {R2I, SMP_IDENTITY_ADDRESS, TROTH_DIST_ID},
    {R2I, SMP_SIGNING_INFORMATION, TROTH_DIST_SIGN},
    {I2R, SMP_ENCRYPTION_INFORMATION, TROTH_DIST_ENC},
    {I2R, SMP_CENTRAL_IDENTIFICATION, TROTH_DIST_ENC},
    {I2R, SMP_IDENTITY_INFORMATION, TROTH_DIST_ID},
    {I2R, SMP_IDENTITY_ADDRESS, TROTH_DIST_ID},
    {I2R, SMP_SIGNING_INFORMATION, TROTH_DIST_SIGN},
    {LOCAL, ACKED, 0},
    {LOCAL, COMMIT, 0},
    {FINISH, 0, 0},
};

const struct smp_step *smp_script_for(bool sc, enum troth_model model)
{
    if (!sc)
        return legacy;
    switch (model) {
    case TROTH_PASSKEY_INITIATOR_INPUTS:
    case TROTH_PASSKEY_RESPONDER_INPUTS:
    case TROTH_PASSKEY_BOTH_INPUT:
        return sc_passkey;
    case TROTH_OOB:
        return sc_oob;
    default:
        return sc_compare;
    }
}

bool smp_may_be_ahead(uint8_t local)
{
    return local == KEYPAIR || local == SECRET || local == VERIFY_USER || local == DHKEY_READY;
}

/* What people read about an ATT error. */
#include "att/att.h"

static const struct {
    uint8_t error;
    const char *name, *words;
} table[] = {
    {TROTH_ATT_OK, "OK", "done"},
    {TROTH_ATT_INVALID_HANDLE, "INVALID_HANDLE",
     "the device has no such handle; discover its services again"},
    {TROTH_ATT_READ_NOT_PERMITTED, "READ_NOT_PERMITTED", "this value cannot be read"},
    {TROTH_ATT_WRITE_NOT_PERMITTED, "WRITE_NOT_PERMITTED", "this value cannot be written"},
    {TROTH_ATT_INVALID_PDU, "INVALID_PDU",
     "the device did not understand the request; one of the two programs has a fault"},
    {TROTH_ATT_INSUFFICIENT_AUTHENTICATION, "INSUFFICIENT_AUTHENTICATION",
     "the device wants to be paired first, perhaps with a passkey or a comparison; pair and retry"},
    {TROTH_ATT_REQUEST_NOT_SUPPORTED, "REQUEST_NOT_SUPPORTED",
     "the device does not offer this kind of request"},
    {TROTH_ATT_INVALID_OFFSET, "INVALID_OFFSET",
     "the position is past the end of the value; start again from its beginning"},
    {TROTH_ATT_INSUFFICIENT_AUTHORIZATION, "INSUFFICIENT_AUTHORIZATION",
     "the device's owner has not allowed this; allow it there and retry"},
    {TROTH_ATT_PREPARE_QUEUE_FULL, "PREPARE_QUEUE_FULL",
     "the value is longer than the device can take at once; write less"},
    {TROTH_ATT_ATTRIBUTE_NOT_FOUND, "ATTRIBUTE_NOT_FOUND",
     "the device has nothing of this kind there"},
    {TROTH_ATT_ATTRIBUTE_NOT_LONG, "ATTRIBUTE_NOT_LONG",
     "the value is short and is read whole; read it without an offset"},
    {TROTH_ATT_INSUFFICIENT_KEY_SIZE, "INSUFFICIENT_KEY_SIZE",
     "the encryption key is too short for this; remove the bond and pair with a longer key"},
    {TROTH_ATT_INVALID_LENGTH, "INVALID_LENGTH", "the value has a length the device does not take"},
    {TROTH_ATT_UNLIKELY_ERROR, "UNLIKELY_ERROR",
     "the device failed for reasons of its own; retry, or restart it"},
    {TROTH_ATT_INSUFFICIENT_ENCRYPTION, "INSUFFICIENT_ENCRYPTION",
     "the link is not encrypted although a bond exists; encrypt it and retry"},
    {TROTH_ATT_UNSUPPORTED_GROUP_TYPE, "UNSUPPORTED_GROUP_TYPE",
     "the device does not group attributes by this type"},
    {TROTH_ATT_INSUFFICIENT_RESOURCES, "INSUFFICIENT_RESOURCES",
     "the device is out of room; disconnect others or retry later"},
    {TROTH_ATT_DATABASE_OUT_OF_SYNC, "DATABASE_OUT_OF_SYNC",
     "the device's services have changed; discover them again"},
    {TROTH_ATT_VALUE_NOT_ALLOWED, "VALUE_NOT_ALLOWED", "the device does not take this value"},
    {TROTH_ATT_WRITE_REQUEST_REJECTED, "WRITE_REQUEST_REJECTED",
     "the device refused the write in its present state"},
    {TROTH_ATT_CCC_IMPROPER, "CCC_IMPROPER",
     "notifications or indications are not enabled for this; subscribe first"},
    {TROTH_ATT_PROCEDURE_IN_PROGRESS, "PROCEDURE_IN_PROGRESS",
     "the device is still busy with an earlier request; wait and retry"},
    {TROTH_ATT_OUT_OF_RANGE, "OUT_OF_RANGE", "the value is outside the range the device takes"},
};

#define ROWS (sizeof table / sizeof *table)

static size_t row_of(uint8_t error)
{
    size_t i = 0;
    while (i < ROWS && table[i].error != error)
        i++;
    return i;
}

/* Core leaves its number's meaning to who uses it: 3.4.1.1. */
static bool is_of_application(uint8_t error)
{
    return error >= 0x80 && error <= 0x9f;
}

const char *troth_att_error_name(uint8_t error)
{
    size_t i = row_of(error);
    return i < ROWS ? table[i].name : is_of_application(error) ? "APPLICATION_ERROR" : "(unknown)";
}

const char *troth_att_error_words(uint8_t error)
{
    size_t i = row_of(error);
    if (i < ROWS)
        return table[i].words;
    if (is_of_application(error))
        return "an error of the device's application; its documentation says what it means";
    return "an error this version of troth does not know";
}

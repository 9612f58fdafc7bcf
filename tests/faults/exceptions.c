/*
 * What a fault excuses, and nothing else does: the list of docs/FAULTS.md as data, in its order.
 */
#include "faults/fault.h"

#include "smp/script.h"

static bool features_in_sc(const struct fault *f, const struct fault_scene *where)
{
    bool features = where->opcode == SMP_PAIRING_REQUEST || where->opcode == SMP_PAIRING_RESPONSE;
    unsigned offset = f->class == FAULT_FLIP    ? f->arg / 8
                      : f->class == FAULT_OCTET ? f->arg >> 8
                                                : 0;
    return where->sc && features && offset >= 4;
}

static bool key_on_the_path(const struct fault *f, const struct fault_scene *where)
{
    (void)where;
    return f->place == PLACE_PATH && (f->class == FAULT_FLIP || f->class == FAULT_OCTET);
}

static bool identity_on_the_path(const struct fault *f, const struct fault_scene *where)
{
    return key_on_the_path(f, where) && where->opcode == SMP_IDENTITY_ADDRESS;
}

static bool last_sender_on_the_path(const struct fault *f, const struct fault_scene *where)
{
    (void)where;
    return f->place == PLACE_PATH && f->side == TROTH_INITIATOR;
}

static bool doubled_on_the_path(const struct fault *f, const struct fault_scene *where)
{
    return f->place == PLACE_PATH && f->class == FAULT_DUPLICATE && f->side == TROTH_RESPONDER &&
           where->its_last;
}

static bool the_end(const struct fault *f, const struct fault_scene *where)
{
    return f->place == PLACE_STEP && where->all_sent;
}

static bool lying_controller(const struct fault *f, const struct fault_scene *where)
{
    bool done = (f->class == FAULT_CHANGE || f->class == FAULT_REFRESH) && f->arg == OUTCOME_ON;
    return done && where->outcome_is_due;
}

static const struct {
    unsigned allows;
    bool (*applies)(const struct fault *f, const struct fault_scene *where);
} exceptions[] = {
    {ALLOW_VIEWS | ALLOW_ONE_SIDED, features_in_sc},
    {ALLOW_KEY, key_on_the_path},
    {ALLOW_IMPOSTOR, identity_on_the_path},
    {ALLOW_ONE_SIDED, last_sender_on_the_path},
    {ALLOW_ONE_SIDED, doubled_on_the_path},
    {ALLOW_ONE_SIDED, the_end},
    {ALLOW_BELIEVED, lying_controller},
};

unsigned fault_allows(const struct fault *f, const struct fault_scene *where)
{
    unsigned allows = 0;
    for (unsigned i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
        if (exceptions[i].applies(f, where))
            allows |= exceptions[i].allows;
    return allows;
}

const char *const fault_class_names[FAULT_CLASSES] = {
    [FAULT_NONE] = "none",
    [FAULT_FLIP] = "flip",
    [FAULT_HEADER] = "header",
    [FAULT_TRUNCATE] = "truncate",
    [FAULT_EXTEND] = "extend",
    [FAULT_OPCODE] = "opcode",
    [FAULT_OCTET] = "octet",
    [FAULT_DROP] = "drop",
    [FAULT_DUPLICATE] = "duplicate",
    [FAULT_SWAP] = "swap",
    [FAULT_CROSS] = "cross",
    [FAULT_LATE] = "late",
    [FAULT_CUT] = "cut",
    [FAULT_SILENCE] = "silence",
    [FAULT_LEAVE] = "leave",
    [FAULT_LTK] = "LTK request",
    [FAULT_CHANGE] = "encryption change",
    [FAULT_REFRESH] = "key refresh",
};

const char *const fault_place_names[PLACES] = {"clear", "air", "path", "step"};

/* The server: writing, Vol 3 Part F 3.4.5, and the prepare queue, 3.4.6. */
#include "att/att.h"

static void respond(struct att *a)
{
    struct out out = att_response(a, a->serving + 1);
    att_respond(a, &out);
}

void att_write_request(struct att *a, struct in *in)
{
    int end = TROTH_ATT_INVALID_LENGTH;

    a->handle = in_u16(in);
    if (in->left <= ATT_VALUE_MAX)
        end = a->ops->write(a->ctx, &(struct att_access){.opcode = a->serving,
                                                         .handle = a->handle,
                                                         .data = in->p,
                                                         .len = (uint16_t)in->left});
    if (end != ATT_LATER)
        att_write_done(a, (uint8_t)end);
}

/* ---- the queue ---- */

void att_queue_clear(struct att *a)
{
    memset(&a->queue, 0, sizeof a->queue);
}

/* Where a run's octets begin. */
static uint8_t *run_bytes(struct att_queue *q, size_t i)
{
    uint8_t *p = q->bytes;
    while (i-- > 0)
        p += q->run[i].len;
    return p;
}

/*
 * Appends a part to its attribute's run, or opens the run. A part that does not continue its run
 * exactly tears it: the Prepare Write is still echoed, as 3.4.6.1 has it, and Execute refuses.
 */
static void queue_put(struct att_queue *q, uint16_t handle, uint16_t offset, const uint8_t *part,
                      uint16_t len)
{
    size_t i = 0;

    while (i < q->runs && q->run[i].handle != handle)
        i++;
    q->writes++;
    if (i == q->runs)
        q->run[q->runs++] = (struct att_run){handle, offset, 0};
    struct att_run *run = &q->run[i];
    if ((uint32_t)run->offset + run->len != offset) {
        q->torn = handle;
        return;
    }
    uint8_t *end = run_bytes(q, i) + run->len;
    memmove(end + len, end, (size_t)(q->bytes + q->len - end));
    memcpy(end, part, len);
    run->len = (uint16_t)(run->len + len);
    q->len = (uint16_t)(q->len + len);
}

/* 3.4.6.1, 3.4.6.2 */
void att_prepare(struct att *a, const uint8_t *pdu, size_t len)
{
    struct att_queue *q = &a->queue;
    uint16_t handle = get_le16(pdu + 1);
    uint16_t part = (uint16_t)(len - 5);

    if (q->writes == TROTH_PREPARED_WRITES || part > sizeof q->bytes - q->len) {
        att_error(a, ATT_PREPARE_WRITE_REQ, handle, TROTH_ATT_PREPARE_QUEUE_FULL);
        return;
    }
    queue_put(q, handle, get_le16(pdu + 3), pdu + 5, part);
    struct out out = att_response(a, ATT_PREPARE_WRITE_RSP);
    out_bytes(&out, pdu + 1, len - 1);
    att_respond(a, &out);
}

/* ---- Execute Write: every run is checked before one is written ---- */

static void execute_fail(struct att *a, uint16_t handle, uint8_t error)
{
    att_queue_clear(a);
    att_error(a, ATT_EXECUTE_WRITE_REQ, handle, error);
}

static int write_run(struct att *a)
{
    const struct att_run *run = &a->queue.run[a->run_at];

    a->handle = run->handle;
    return a->ops->write(a->ctx, &(struct att_access){.opcode = ATT_EXECUTE_WRITE_REQ,
                                                      .handle = run->handle,
                                                      .offset = run->offset,
                                                      .check = a->checking,
                                                      .data = run_bytes(&a->queue, a->run_at),
                                                      .len = run->len});
}

static void execute_go(struct att *a)
{
    for (;;) {
        for (; a->run_at < a->queue.runs; a->run_at++) {
            int end = write_run(a);
            if (end == ATT_LATER)
                return;
            if (end) {
                execute_fail(a, a->handle, (uint8_t)end);
                return;
            }
        }
        if (!a->checking)
            break;
        a->checking = false;
        a->run_at = 0;
    }
    att_queue_clear(a);
    respond(a);
}

/* What can be said against a run without asking its owner. */
static uint8_t run_error(struct att *a, const struct att_run *run)
{
    if (run->handle == a->queue.torn || run->offset > ATT_VALUE_MAX)
        return TROTH_ATT_INVALID_OFFSET;
    if (run->offset + run->len > ATT_VALUE_MAX)
        return TROTH_ATT_INVALID_LENGTH;
    return a->ops->allows(a->ctx, run->handle, ATT_EXECUTE_WRITE_REQ);
}

/* 3.4.6.3 */
void att_execute(struct att *a, uint8_t flags)
{
    if (flags > 1) { /* no such flag: the queue is not touched */
        att_error(a, ATT_EXECUTE_WRITE_REQ, 0, TROTH_ATT_INVALID_PDU);
        return;
    }
    if (!flags)
        att_queue_clear(a);
    for (size_t i = 0; i < a->queue.runs; i++) {
        uint8_t error = run_error(a, &a->queue.run[i]);
        if (error) {
            execute_fail(a, a->queue.run[i].handle, error);
            return;
        }
    }
    a->run_at = 0;
    a->checking = true;
    execute_go(a);
}

void att_write_done(struct att *a, uint8_t error)
{
    if (a->serving == ATT_EXECUTE_WRITE_REQ) {
        if (error) {
            execute_fail(a, a->handle, error);
        } else {
            a->run_at++;
            execute_go(a);
        }
    } else if (error) {
        att_error(a, a->serving, a->handle, error);
    } else {
        respond(a);
    }
}

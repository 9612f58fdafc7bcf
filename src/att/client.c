/* The client's side of the bearer: the response to the one request that is open. */
#include "att/att.h"

static void refused(struct att *a, uint8_t error)
{
    uint8_t request = a->awaiting;

    a->awaiting = 0;
    timer_stop(&a->request_timer);
    a->ops->refused(a->ctx, request, error);
}

/* 3.4.1.1. It must speak of our request and of an attribute that request concerned, or of none. */
static void take_error(struct att *a, struct in *in)
{
    uint8_t request = in_u8(in);
    uint16_t handle = in_u16(in);
    uint8_t error = in_u8(in);

    if (request != a->awaiting || (handle && (handle < a->from || handle > a->to)))
        error = 0;
    refused(a, error);
}

void att_client_response(struct att *a, const uint8_t *pdu, size_t len, bool fits)
{
    struct in in = in_of(pdu, len);
    uint8_t opcode = in_u8(&in);
    uint8_t request = a->awaiting;

    if (!request) /* nobody asked */
        return;
    if (fits && opcode == ATT_ERROR_RSP) {
        take_error(a, &in);
    } else if (fits && opcode == request + 1) {
        a->awaiting = 0;
        timer_stop(&a->request_timer);
        a->ops->response(a->ctx, request, &in);
    } else {
        refused(a, 0);
    }
}

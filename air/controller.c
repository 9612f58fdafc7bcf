/* The commands a controller knows, and those that concern the controller itself. */
#include "air/internal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    VARIABLE = -1, /* parameters */
    STATUS = -1,   /* answered by Command Status; what follows is an event */
    SILENT = -2,   /* answered only when wrong */
};

struct command {
    uint16_t opcode;
    uint8_t octet, bit; /* in Read Local Supported Commands, Vol 4 Part E 6.27 */
    uint8_t feature;    /* without which it is unknown */
    int16_t params;     /* exact length */
    int16_t ret;        /* return parameters' exact length, status included */
    handler *run;
};

static const struct command commands[] = {
    {0x0406, 0, 5, F_NONE, 3, STATUS, do_disconnect},
    {0x041D, 2, 7, F_NONE, 2, STATUS, do_read_remote_version},
    {0x0C01, 5, 6, F_NONE, 8, 1, do_set_event_mask},
    {0x0C03, 5, 7, F_NONE, 0, 1, do_reset},
    {0x0C14, 7, 1, F_NONE, 0, 249, do_read_local_name},
    {0x0C2D, 10, 2, F_NONE, 3, 4, do_read_tx_power},
    {0x0C31, 10, 5, F_NONE, 1, 1, do_set_flow_control},
    {0x0C33, 10, 6, F_NONE, 7, 1, do_host_buffer_size},
    {0x0C35, 10, 7, F_NONE, VARIABLE, SILENT, do_host_completed},
    {0x0C63, 22, 2, F_NONE, 8, 1, do_set_event_mask_2},
    {0x1001, 14, 3, F_NONE, 0, 9, do_read_version},
    {0x1002, 14, 4, F_NONE, 0, 65, do_read_commands},
    {0x1003, 14, 5, F_NONE, 0, 9, do_read_features},
    {0x1005, 14, 7, F_NONE, 0, 8, do_read_buffer_size},
    {0x1009, 15, 1, F_NONE, 0, 7, do_read_bd_addr},
    {0x1405, 15, 5, F_NONE, 2, 4, do_read_rssi},
    {0x2001, 25, 0, F_NONE, 8, 1, do_le_set_event_mask},
    {0x2002, 25, 1, F_NONE, 0, 4, do_le_read_buffer_size},
    {0x2003, 25, 2, F_NONE, 0, 9, do_le_read_features},
    {0x2005, 25, 4, F_NONE, 6, 1, do_le_set_random_address},
    {0x2006, 25, 5, F_NONE, 15, 1, do_le_set_adv_params},
    {0x2007, 25, 6, F_NONE, 0, 2, do_le_read_adv_power},
    {0x2008, 25, 7, F_NONE, 32, 1, do_le_set_adv_data},
    {0x2009, 26, 0, F_NONE, 32, 1, do_le_set_scan_rsp},
    {0x200A, 26, 1, F_NONE, 1, 1, do_le_set_adv_enable},
    {0x200B, 26, 2, F_NONE, 7, 1, do_le_set_scan_params},
    {0x200C, 26, 3, F_NONE, 2, 1, do_le_set_scan_enable},
    {0x200D, 26, 4, F_NONE, 25, STATUS, do_le_create_connection},
    {0x200E, 26, 5, F_NONE, 0, 1, do_le_create_cancel},
    {0x200F, 26, 6, F_NONE, 0, 2, do_le_read_fal_size},
    {0x2010, 26, 7, F_NONE, 0, 1, do_le_clear_fal},
    {0x2011, 27, 0, F_NONE, 7, 1, do_le_add_fal},
    {0x2012, 27, 1, F_NONE, 7, 1, do_le_remove_fal},
    {0x2013, 27, 2, F_NONE, 14, STATUS, do_le_connection_update},
    {0x2014, 27, 3, F_NONE, 5, 1, do_le_set_channels},
    {0x2015, 27, 4, F_NONE, 2, 8, do_le_read_channels},
    {0x2016, 27, 5, F_NONE, 2, STATUS, do_le_read_remote_features},
    {0x2017, 27, 6, F_NONE, 32, 17, do_le_encrypt},
    {0x2018, 27, 7, F_NONE, 0, 9, do_le_rand},
    {0x2019, 28, 0, F_ENCRYPTION, 28, STATUS, do_le_enable_encryption},
    {0x201A, 28, 1, F_ENCRYPTION, 18, 3, do_le_ltk_reply},
    {0x201B, 28, 2, F_ENCRYPTION, 2, 3, do_le_ltk_negative},
    {0x201C, 28, 3, F_NONE, 0, 9, do_le_read_states},
    {0x2020, 33, 4, F_PARAM_REQ, 14, 3, do_le_param_reply},
    {0x2021, 33, 5, F_PARAM_REQ, 3, 3, do_le_param_negative},
    {0x2022, 33, 6, F_DATA_LENGTH, 6, 3, do_le_set_data_length},
    {0x2023, 33, 7, F_DATA_LENGTH, 0, 5, do_le_read_default_length},
    {0x2024, 34, 0, F_DATA_LENGTH, 4, 1, do_le_write_default_length},
    {0x2025, 34, 1, F_NONE, 0, STATUS, do_le_read_p256},
    {0x2026, 34, 2, F_NONE, 64, STATUS, do_le_generate_dhkey},
    {0x2027, 34, 3, F_PRIVACY, 39, 1, do_le_add_rl},
    {0x2028, 34, 4, F_PRIVACY, 7, 1, do_le_remove_rl},
    {0x2029, 34, 5, F_PRIVACY, 0, 1, do_le_clear_rl},
    {0x202A, 34, 6, F_PRIVACY, 0, 2, do_le_read_rl_size},
    {0x202B, 34, 7, F_PRIVACY, 7, 7, do_le_read_peer_rpa},
    {0x202C, 35, 0, F_PRIVACY, 7, 7, do_le_read_local_rpa},
    {0x202D, 35, 1, F_PRIVACY, 1, 1, do_le_set_resolution},
    {0x202E, 35, 2, F_PRIVACY, 2, 1, do_le_set_rpa_timeout},
    {0x202F, 35, 3, F_DATA_LENGTH, 0, 9, do_le_read_max_length},
    {0x2030, 35, 4, F_2M, 2, 5, do_le_read_phy},
    {0x2031, 35, 5, F_2M, 3, 1, do_le_set_default_phy},
    {0x2032, 35, 6, F_2M, 7, STATUS, do_le_set_phy},
    {0x204E, 39, 2, F_PRIVACY, 8, 1, do_le_set_privacy_mode},
};

static bool knows(const struct air_controller *c, const struct command *cmd)
{
    for (size_t i = 0; i < c->unknown_count; i++)
        if (c->unknown[i] == cmd->opcode)
            return false;
    return cmd->feature == F_NONE || (c->features >> cmd->feature & 1);
}

static const struct command *command_find(const struct air_controller *c, uint16_t opcode)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (commands[i].opcode == opcode)
            return knows(c, &commands[i]) ? &commands[i] : NULL;
    return NULL;
}

void air_controller_claims(struct air_controller *c, const struct air_controller_config *cfg)
{
    /* LE Ping (4) is left out: it would promise the authenticated payload timeout. */
    c->features =
        (1u << F_ENCRYPTION | 1u << F_PARAM_REQ | 1u << F_REJECT_EXT | 1u << F_PERIPHERAL_FEATURES |
         1u << F_DATA_LENGTH | 1u << F_PRIVACY | 1u << F_EXT_FILTER | 1u << F_2M) &
        ~cfg->features_clear;
    c->acl_len = cfg->acl_len ? cfg->acl_len : 251;
    c->acl_count = cfg->acl_count ? cfg->acl_count : 8;
    c->shared_buffers = cfg->shared_buffers;
    bool fewer = cfg->resolving_size && cfg->resolving_size < RL_SIZE;
    c->rl_size = fewer ? cfg->resolving_size : RL_SIZE;
    c->unknown_count = cfg->unknown_count < UNKNOWN_MAX ? cfg->unknown_count : UNKNOWN_MAX;
    for (size_t i = 0; i < c->unknown_count; i++)
        c->unknown[i] = cfg->unknown[i];
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (knows(c, &commands[i]))
            c->commands[commands[i].octet] |= (uint8_t)(1u << commands[i].bit);
    for (size_t i = 0; i < 64; i++)
        c->commands[i] &= (uint8_t)~cfg->commands_clear[i];
}

void air_controller_defaults(struct air_controller *c)
{
    memset(&c->s, 0, sizeof c->s);
    c->s.events = 0x00001FFFFFFFFFFF; /* Vol 4 Part E 7.3.1: LE Meta is off */
    c->s.le_events = 0x1F;
    c->s.adv.interval = 0x0800;
    c->s.rpa_timeout = 900;
    c->s.def_octets = 27;
    c->s.def_time = 328;
    c->s.def_phy_tx = c->s.def_phy_rx = 3;
}

static void fill(struct job *job, uint16_t opcode, uint8_t status, int16_t ret)
{
    struct out out = out_of(job->bytes, job->len);
    out_u8(&out, 0x04);
    if (ret == STATUS) {
        out_u8(&out, 0x0F);
        out_u8(&out, 4);
        out_u8(&out, status);
        out_u8(&out, 1);
        out_u16(&out, opcode);
    } else {
        out_u8(&out, 0x0E);
        out_u8(&out, (uint8_t)(3 + ret));
        out_u8(&out, 1);
        out_u16(&out, opcode);
        out_u8(&out, status);
    }
    ASSERT(!out.bad);
}

int air_command(struct air_controller *c, uint16_t opcode, const uint8_t *params, size_t len)
{
    struct air *air = c->air;
    const struct command *cmd = command_find(c, opcode);
    int16_t ret = cmd ? cmd->ret : STATUS;
    bool silent = ret == SILENT;
    if (silent)
        ret = 1;
    struct job *job = air_job(ret == STATUS ? 7 : 6 + (size_t)ret, air_run_to_host);
    job->c = c;
    /* The answer takes its place in the queue before the events the command provokes. */
    if (!silent)
        air_schedule(air, job, air->now);

    uint8_t status;
    if (!cmd) {
        status = E_UNKNOWN_COMMAND;
    } else if (cmd->params != VARIABLE && (size_t)cmd->params != len) {
        status = E_INVALID;
    } else {
        struct in p = in_of(params, len);
        struct out r = ret > 1 ? out_of(job->bytes + 7, (size_t)ret - 1) : out_of(job->bytes, 0);
        c->response = job;
        status = cmd->run(c, &p, &r);
        c->response = NULL;
        ASSERT(!r.bad);
    }
    fill(job, opcode, status, ret);
    if (silent && status)
        air_schedule(air, job, air->now);
    else if (silent)
        free(job);
    return AIR_OK;
}

uint8_t do_set_event_mask(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    c->s.events = in_u64(p);
    return E_OK;
}

uint8_t do_set_event_mask_2(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    c->s.events2 = in_u64(p);
    return E_OK;
}

uint8_t do_le_set_event_mask(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    c->s.le_events = in_u64(p);
    return E_OK;
}

uint8_t do_reset(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p, (void)r;
    controller_links_down(c); /* Vol 4 Part E 7.3.2: no Disconnection Complete follows */
    air_flush_host(c);
    c->adv_generation++;
    air_controller_defaults(c);
    return E_OK;
}

uint8_t do_read_local_name(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p;
    out_bytes(r, c->name, strlen(c->name));
    return E_OK;
}

uint8_t do_read_tx_power(struct air_controller *c, struct in *p, struct out *r)
{
    uint16_t handle = in_u16(p);
    uint8_t type = in_u8(p);
    out_u16(r, handle);
    VERIFY(end_by_handle(c, handle, NULL), E_NO_CONNECTION);
    VERIFY(type <= 1, E_INVALID);
    out_u8(r, 0);
    return E_OK;
}

uint8_t do_read_rssi(struct air_controller *c, struct in *p, struct out *r)
{
    uint16_t handle = in_u16(p);
    out_u16(r, handle);
    VERIFY(end_by_handle(c, handle, NULL), E_NO_CONNECTION);
    out_u8(r, (uint8_t)c->air->cfg.rssi);
    return E_OK;
}

uint8_t do_set_flow_control(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint8_t on = in_u8(p);
    VERIFY(on <= 3, E_INVALID);
    VERIFY(on <= 1, E_UNSUPPORTED);     /* synchronous data */
    VERIFY(!links_of(c), E_DISALLOWED); /* Vol 4 Part E 7.3.38 */
    VERIFY(!on || (c->s.host_len && c->s.host_count), E_DISALLOWED);
    c->s.flow_on = on;
    return E_OK;
}

uint8_t do_host_buffer_size(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint16_t len = in_u16(p);
    in_u8(p); /* synchronous */
    uint16_t count = in_u16(p);
    VERIFY(len && count, E_INVALID);
    VERIFY(!links_of(c), E_DISALLOWED);
    c->s.host_len = len;
    c->s.host_count = count;
    return E_OK;
}

uint8_t do_host_completed(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint8_t n = in_u8(p);
    VERIFY(!p->bad && p->left == (size_t)n * 4, E_INVALID);
    uint8_t status = E_OK;
    for (; n; n--) {
        uint16_t handle = in_u16(p);
        uint16_t count = in_u16(p);
        struct link *link;
        struct end *e = end_by_handle(c, handle, &link);
        if (!e) /* went with the link */
            continue;
        if (count > e->unreturned) {
            status = E_INVALID;
            count = (uint16_t)e->unreturned;
        }
        e->unreturned -= count;
        c->s.host_used -= count;
    }
    /* Buffers are common to all links. */
    for (struct link *l = c->air->links; l; l = l->next)
        for (int side = 0; side < 2; side++)
            if (l->end[side].up && l->end[side].c == c)
                end_drain_full(c->air, l, side);
    return status;
}

uint8_t do_read_version(struct air_controller *c, struct in *p, struct out *r)
{
    (void)c, (void)p;
    out_u8(r, 0x0C); /* 5.3 */
    out_u16(r, 0);
    out_u8(r, 0x0C);
    out_u16(r, 0xFFFF); /* no company */
    out_u16(r, 0);
    return E_OK;
}

uint8_t do_read_commands(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p;
    out_bytes(r, c->commands, 64);
    return E_OK;
}

uint8_t do_read_features(struct air_controller *c, struct in *p, struct out *r)
{
    (void)c, (void)p;
    out_u32(r, 0);
    out_u32(r, 0x60); /* octet 4: BR/EDR not supported, LE supported */
    return E_OK;
}

uint8_t do_read_buffer_size(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p;
    out_u16(r, c->shared_buffers ? c->acl_len : 0);
    out_u8(r, 0);
    out_u16(r, c->shared_buffers ? c->acl_count : 0);
    out_u16(r, 0);
    return E_OK;
}

uint8_t do_le_read_buffer_size(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p;
    out_u16(r, c->shared_buffers ? 0 : c->acl_len);
    out_u8(r, c->shared_buffers ? 0 : c->acl_count);
    return E_OK;
}

uint8_t do_read_bd_addr(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p;
    out_bytes(r, c->address, 6);
    return E_OK;
}

uint8_t do_le_read_features(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p;
    out_u64(r, c->features);
    return E_OK;
}

uint8_t do_le_read_states(struct air_controller *c, struct in *p, struct out *r)
{
    (void)c, (void)p;
    out_u64(r, 0x000003FFFFFFFFFF); /* every combination there is */
    return E_OK;
}

uint8_t do_le_set_channels(struct air_controller *c, struct in *p, struct out *r)
{
    (void)c, (void)r;
    uint64_t map = in_le(p, 5);
    VERIFY(map && !(map >> 37), E_INVALID);
    return E_OK;
}

uint8_t do_le_read_channels(struct air_controller *c, struct in *p, struct out *r)
{
    uint16_t handle = in_u16(p);
    out_u16(r, handle);
    VERIFY(end_by_handle(c, handle, NULL), E_NO_CONNECTION);
    out_le(r, 0x1FFFFFFFFF, 5);
    return E_OK;
}

uint8_t do_le_encrypt(struct air_controller *c, struct in *p, struct out *r)
{
    (void)c;
    uint8_t key[16], plain[16], cipher[16];
    in_copy(p, key, 16);
    in_copy(p, plain, 16);
    crypto_e(key, plain, cipher);
    out_bytes(r, cipher, 16);
    return E_OK;
}

uint8_t do_le_rand(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p;
    uint8_t b[8];
    air_random(c->air, b, 8);
    out_bytes(r, b, 8);
    return E_OK;
}

uint8_t do_le_read_p256(struct air_controller *c, struct in *p, struct out *r)
{
    (void)p, (void)r;
    uint8_t ev[65] = {0};
    c->s.p256_made = crypto_p256_make(c->air, c->s.p256_private, ev + 1);
    ASSERT(c->s.p256_made);
    air_le_event(c, 0x08, ev, sizeof ev);
    return E_OK;
}

uint8_t do_le_generate_dhkey(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    uint8_t peer[64], ev[33];
    in_copy(p, peer, 64);
    VERIFY(c->s.p256_made, E_DISALLOWED);
    if (crypto_p256_dh(c->s.p256_private, peer, ev + 1)) {
        ev[0] = E_OK;
    } else {
        ev[0] = E_INVALID; /* Vol 4 Part E 7.7.65.9: not a point of the curve */
        memset(ev + 1, 0xFF, 32);
    }
    air_le_event(c, 0x09, ev, sizeof ev);
    return E_OK;
}

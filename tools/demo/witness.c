/* Who is asked whether it truly happened: the stores and the simulated network. */
#include "tools/demo/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "ports/linux/store.h"

bool witness_file(const struct stage *s, const char *name)
{
    return access(stage_path(s, name), F_OK) == 0;
}

void witness_joined(const struct stage *s, char ssid[33])
{
    ssid[0] = 0;
    FILE *f = fopen(stage_path(s, "networks.conf.state"), "re");
    if (!f)
        return;
    char text[16384];
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    cJSON *json = cJSON_Parse(text);
    const cJSON *name = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "joined"), "ssid");
    if (cJSON_IsString(name))
        snprintf(ssid, 33, "%s", name->valuestring);
    cJSON_Delete(json);
}

struct found {
    int bonds;
    struct troth_bond_keys *keys;
};

static int each(void *context, const struct troth_addr *identity, int kind, const uint8_t *rec,
                size_t len)
{
    struct found *f = context;
    (void)identity;
    if (kind != TROTH_RECORD_KEYS)
        return 0;
    struct troth_bond_keys keys;
    if (troth_bond_keys_decode(&keys, rec, len) == TROTH_OK) {
        if (f->bonds++ == 0 && f->keys)
            *f->keys = keys;
    }
    return 0;
}

int witness_bonds(const struct stage *s, const char *name, struct troth_bond_keys *keys)
{
    struct store *store;
    char why[256];
    struct found f = {0, keys};
    if (store_open(&store, stage_path(s, name), why, sizeof why) != TROTH_OK)
        return -1;
    store_each(store, each, &f);
    store_close(store);
    return f.bonds;
}

size_t witness_credentials(const struct stage *s, const char *name, unsigned char *bytes,
                           size_t cap)
{
    struct store *store;
    char why[256];
    size_t len = 0;
    if (store_open(&store, stage_path(s, name), why, sizeof why) != TROTH_OK)
        return 0;
    if (store_blob_get(store, "wifi", bytes, cap, &len) != TROTH_OK)
        len = 0;
    store_close(store);
    return len;
}

/* Who is asked whether it truly happened: the stores and the simulated network. */
#include "tools/demo/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <dirent.h>

#include <cjson/cJSON.h>

#include <troth/dataset.h>

#include "ports/linux/credentials.h"
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

bool witness_thread_key(const struct stage *s, const char *name, const unsigned char key[16])
{
    struct store *store;
    struct troth_credentials c;
    struct troth_dataset d;
    char why[256];
    bool same = false;
    if (store_open(&store, stage_path(s, name), why, sizeof why) != TROTH_OK)
        return false;
    if (credentials_load(store, NULL, &c) == TROTH_OK && c.kind == TROTH_NET_THREAD &&
        troth_dataset_parse(&d, c.u.thread.dataset, c.u.thread.len, NULL) == TROTH_DATASET_FINE)
        same = d.has_network_key && !memcmp(d.network_key, key, sizeof d.network_key);
    store_close(store);
    return same;
}

static bool file_holds(const char *path, const void *octets, size_t len)
{
    static unsigned char bytes[4 << 20];
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    bool held = false;
    for (size_t i = 0; i + 8 <= len && !held; i++)
        held = memmem(bytes, n, (const unsigned char *)octets + i, 8) != NULL;
    if (f)
        fclose(f);
    return held;
}

bool witness_captured(const struct stage *s, const void *octets, size_t len)
{
    bool held = false;
    DIR *d = opendir(s->dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        const char *end = strrchr(e->d_name, '.');
        if (end && !strcmp(end, ".btsnoop"))
            held |= file_holds(stage_path(s, e->d_name), octets, len);
    }
    if (d)
        closedir(d);
    return held;
}

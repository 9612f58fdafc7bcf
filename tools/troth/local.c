#include "local.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/out.h"

#define PATIENCE_S 30 /* an erase waits for the network to be left */

bool local_wanted;

int local_operands(const struct cli *cli, char **operands)
{
    if (!local_wanted && !operands[0])
        return cli_misuse(cli, "a DEVICE is missing: its address or its name; or --local for the "
                               "one on this machine");
    return CLI_GO;
}

/* ---- the socket ---- */

static void tell_unreachable(const char *path, int error)
{
    if (error == ENOENT || error == ECONNREFUSED)
        out_error("nobody listens at %s: is trothd running (systemctl status trothd), and is this "
                  "its --control?",
                  path);
    else if (error == EACCES || error == EPERM)
        out_error("no permission for %s: be root, or of the group that owns it (ls -l %s; as a "
                  "service it is troth: usermod -aG troth USER, then log in again)",
                  path, path);
    else
        out_error("%s: %s", path, strerror(error));
}

static int reach(const char *path)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    if (strlen(path) >= sizeof where.sun_path) {
        tell_unreachable(path, ENAMETOOLONG);
        return -1;
    }
    memcpy(where.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (fd >= 0 && !connect(fd, (const struct sockaddr *)&where, sizeof where))
        return fd;
    tell_unreachable(path, errno);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* False: errno; 0 when the line has no end. */
static bool read_line(int fd, char *line, size_t cap)
{
    size_t len = 0;
    ssize_t n;
    while (len < cap && (n = recv(fd, line + len, cap - len, 0)) > 0) {
        char *end = memchr(line + len, '\n', (size_t)n);
        len += (size_t)n;
        if (end) {
            *end = 0;
            return true;
        }
    }
    if (len == cap || n == 0)
        errno = 0;
    return false;
}

static cJSON *exchange(int fd, const char *path, const char *text)
{
    char line[8192];
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) != (ssize_t)strlen(text) ||
        send(fd, "\n", 1, MSG_NOSIGNAL) != 1 || !read_line(fd, line, sizeof line)) {
        out_error("trothd at %s %s", path,
                  errno == EAGAIN ? "does not answer: look at its log (journalctl -u trothd)"
                                  : "hung up: it is stopping, or it is another program");
        return NULL;
    }
    cJSON *j = cJSON_Parse(line);
    const cJSON *why = cJSON_GetObjectItemCaseSensitive(j, "error");
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(j, "ok")))
        return j;
    out_error("%s", cJSON_IsString(why) ? why->valuestring
                                        : "the answer is not one of trothd: is this its socket?");
    cJSON_Delete(j);
    return NULL;
}

cJSON *local_ask(const char *path, cJSON *request)
{
    char *text = cJSON_PrintUnformatted(request);
    cJSON *reply = NULL;
    int fd = text ? reach(path ? path : LOCAL_PATH) : -1;
    if (fd >= 0) {
        reply = exchange(fd, path ? path : LOCAL_PATH, text);
        close(fd);
    }
    cJSON_free(text);
    cJSON_Delete(request);
    cJSON_DeleteItemFromObjectCaseSensitive(reply, "ok");
    return reply;
}

/* ---- what is told ---- */

static const cJSON *of(const cJSON *j, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(j, key);
}

static const char *text_of(const cJSON *j, const char *key)
{
    const cJSON *item = of(j, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static int number_of(const cJSON *j, const char *key)
{
    const cJSON *item = of(j, key);
    return cJSON_IsNumber(item) ? item->valueint : 0;
}

static const char *s_of(int n)
{
    return n == 1 ? "" : "s";
}

void local_tell_window(const cJSON *window, const char *event)
{
    char left[32] = "";
    const char *policy = text_of(window, "policy"), *why = text_of(window, "why");
    bool open = cJSON_IsTrue(of(window, "open")), closing = cJSON_IsTrue(of(window, "closing"));
    if (number_of(window, "seconds"))
        snprintf(left, sizeof left, " for %d s", number_of(window, "seconds"));
    out_result(event, event ? cJSON_Duplicate(window, true) : NULL,
               "the window for new clients is %s%s: %s (policy: %s)%s",
               open      ? "open"
               : closing ? "closing, a client is being served and may finish"
                         : "closed",
               left, why ? why : "?", policy ? policy : "?",
               open                                 ? ""
               : policy && !strcmp(policy, "never") ? ""
                                                    : "; troth window open opens it");
}

static void tell_network(const cJSON *j, char *text, size_t cap)
{
    const cJSON *network = of(j, "network");
    const char *name = text_of(network, "name"), *address = text_of(network, "address");
    const char *kind = text_of(network, "kind"), *device = text_of(j, "name");
    const char *why = text_of(j, "reason_text"), *state = text_of(j, "state");
    char called[300] = "(no name yet)";
    if (device)
        out_printable((const uint8_t *)device, strlen(device), called, sizeof called);
    size_t len = (size_t)snprintf(text, cap, "%s: %s", called, state ? state : "?");
    if (name && len < cap)
        len += (size_t)snprintf(text + len, cap - len, ", %s network \"%s\"%s%s",
                                kind && !strcmp(kind, "thread") ? "Thread" : "Wi-Fi", name,
                                address ? ", " : "", address ? address : "");
    if (why && len < cap)
        snprintf(text + len, cap - len, "; %s", why);
}

static void tell_rest(const cJSON *j)
{
    const char *radio = text_of(j, "radio"), *by = text_of(of(j, "network"), "by");
    const cJSON *protocol;
    char list[64] = "";
    cJSON_ArrayForEach(protocol, of(j, "provisioning"))
    {
        size_t len = strlen(list);
        if (cJSON_IsString(protocol))
            snprintf(list + len, sizeof list - len, "%s%s", len ? ", " : "", protocol->valuestring);
    }
    int bonds = number_of(j, "bonds"), links = number_of(j, "links");
    out_result(NULL, NULL, "%d bond%s, %d link%s now; radio %s, networks by %s; provisioning: %s",
               bonds, s_of(bonds), links, s_of(links), radio ? radio : "?", by ? by : "?", list);
}

int local_status(const char *path)
{
    char text[900];
    cJSON *j = local_ask(path, out_fields("do:s", "status"));
    if (!j)
        return CLI_FAILED;
    tell_network(j, text, sizeof text);
    out_result("result", cJSON_Duplicate(j, true), "%s", text);
    if (!out_is_json()) {
        local_tell_window(of(j, "window"), NULL);
        tell_rest(j);
    }
    cJSON_Delete(j);
    return CLI_DONE;
}

int local_erase(const char *path)
{
    cJSON *j = local_ask(path, out_fields("do:s", "erase"));
    if (!j)
        return CLI_FAILED;
    int bonds = number_of(j, "bonds");
    out_result("result", out_fields("erased:b bonds:i", true, bonds),
               "this device left its network and forgot it and %d bond%s%s", bonds, s_of(bonds),
               bonds ? ": whoever it was bonded with must forget it too" : "");
    cJSON_Delete(j);
    return CLI_DONE;
}

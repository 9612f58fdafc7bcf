/* The air of a story: what the programs are on, and a witness of every link. */
#include "tools/demo/stage.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cjson/cJSON.h>

static bool is_up(struct stage *s)
{
    return s->air_said_listening && witness_file(s, "air.status");
}

bool stage_air(struct stage *s)
{
    char listen[160], status[160];
    snprintf(s->transport, sizeof s->transport, "unix:%s", stage_path(s, "air"));
    snprintf(s->network, sizeof s->network, "sim:%s", stage_path(s, "networks.conf"));
    snprintf(listen, sizeof listen, "%s", s->transport);
    snprintf(status, sizeof status, "unix:%s", stage_path(s, "air.status"));
    stage_start(s, AIR,
                (const char *const[]){"troth", "air", "--listen", listen, "--status", status,
                                      "--capture", s->dir, "--trace", NULL});
    return stage_verdict(s, stage_until(s, is_up, 10), "the air is up");
}

void stage_look_at_air(struct stage *s)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", stage_path(s, "air.status"));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    static char text[65536];
    size_t len = 0;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0) {
        ssize_t n;
        while (len < sizeof text - 1 && (n = read(fd, text + len, sizeof text - 1 - len)) > 0)
            len += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
    text[len] = 0;
    cJSON *json = cJSON_Parse(text);
    const cJSON *link;
    cJSON_ArrayForEach(link, cJSON_GetObjectItem(json, "links"))
    {
        if (cJSON_IsTrue(cJSON_GetObjectItem(link, "encrypted"))) {
            s->link_encrypted = true;
            s->link_key_size =
                (int)cJSON_GetNumberValue(cJSON_GetObjectItem(link, "apparent_key_size"));
        }
    }
    cJSON_Delete(json);
}

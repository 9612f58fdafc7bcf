/* troth explain: what a capture tells of the pairings in it. */
#include "commands.h"

#include "explain.h"

#include "common/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool json;
static const char *html;
static struct cli_list only;

static const struct cli_option options[] = {
    {.name = "link",
     .letter = 'l',
     .kind = CLI_LIST,
     .target = &only,
     .argument = "N",
     .help = "only this link; may be repeated"},
    {.name = "html",
     .kind = CLI_TEXT,
     .target = &html,
     .argument = "FILE",
     .help = "write a page for a browser: one file, nothing else is\nloaded (- for stdout)"},
    {.name = "json", .kind = CLI_FLAG, .target = &json, .help = "one JSON document on stdout"},
    {0},
};

static const struct cli cli = {
    .program = "troth explain",
    .operands = "CAPTURE",
    .operands_min = 1,
    .operands_max = 1,
    .about =
        "Tells each pairing and each encryption in a capture: who took part, what both sides\n"
        "offered, which association model that gave and why, every step with its time, how it\n"
        "ended, the probable cause and the cure. Keys are never shown.\n"
        "\n"
        "CAPTURE is a btsnoop file of any stack (- for standard input): of troth, trothd and\n"
        "the air (--capture), of btmon -w, of Android's HCI snoop log, or saved as btsnoop by\n"
        "Wireshark. A file that ends early is told as far as it goes.",
    .options = options,
    .notes =
        "The status is 0 when every pairing and encryption told succeeded, or none is in it. It\n"
        "is 1 when one failed or has no outcome, and, with a sentence on stderr and nothing on\n"
        "stdout, when CAPTURE cannot be read. A damaged record in the middle is status 1 too.\n"
        "\n"
        "--json: {format, version, file, datalink, complete, packets, begin, seconds, links:\n"
        "[{link, this_host, host, peer, begin, end, failed, chapters: [{kind, outcome, initiator,\n"
        "responder, model, rule, sc, by, reason, hci_status, step, title, story, why, cause, "
        "cure,\n"
        "steps: [{at, record, from, what, detail}]}]}], failed}. kind: pairing, encryption, "
        "demand;\n"
        "outcome: succeeded, refused, timed_out, link_lost, not_encrypted, unanswered, restarted,\n"
        "no_outcome. What is not known is left out. Times are seconds since the first packet.",
    .examples = "troth pair Lamp --capture lamp.btsnoop; troth explain lamp.btsnoop\n"
                "troth explain btsnoop_hci.log --html story.html\n"
                "troth explain phone.btsnoop --link 2 --json",
};

/* Hides the links that were not asked for. CLI_GO, or the status to leave with. */
static int choose(struct tale *t)
{
    if (!only.count)
        return CLI_GO;
    for (unsigned i = 0; i < t->count; i++)
        t->links[i]->hidden = true;
    for (unsigned i = 0; i < only.count; i++) {
        unsigned long long number = strtoull(only.text[i], NULL, 10);
        if (!number || number > t->links_seen) {
            out_error("there is no link %s: %s has %llu", only.text[i], t->path,
                      (unsigned long long)t->links_seen);
            return CLI_FAILED;
        }
        for (unsigned j = 0; j < t->count; j++)
            if (t->links[j]->number == number)
                t->links[j]->hidden = false;
    }
    return CLI_GO;
}

static int check_numbers(void)
{
    for (unsigned i = 0; i < only.count; i++) {
        const char *text = only.text[i];
        if (!*text || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
            return cli_misuse(&cli, "--link %s: the number of a link is expected", text);
    }
    return CLI_GO;
}

static bool write_html(const struct tale *t)
{
    bool to_stdout = !strcmp(html, "-");
    FILE *f = to_stdout ? stdout : fopen(html, "we");
    bool good = f && explain_html(t, f);
    int error = errno;
    if (f && !to_stdout && fclose(f)) {
        error = good ? errno : error;
        good = false;
    }
    if (!good)
        out_error("cannot write %s: %s", html, strerror(error));
    return good;
}

static int tell(struct tale *t)
{
    bool failed = t->damaged || (t->dropped_failed && !only.count);
    int status = choose(t);
    if (status != CLI_GO)
        return status;
    for (unsigned i = 0; i < t->count; i++)
        failed |= !t->links[i]->hidden && tale_failed(t->links[i]);
    if (html && !write_html(t))
        return CLI_FAILED;
    if (json)
        explain_json(t, stdout);
    else if (!html)
        explain_text(t);
    return failed ? CLI_FAILED : CLI_DONE;
}

int cmd_explain(int argc, char **argv)
{
    char **operands, why[240], name[1024];
    int status = cli_parse(&cli, argc, argv, &operands);
    if (status != CLI_GO || (status = check_numbers()) != CLI_GO)
        return status;
    if (html && json && !strcmp(html, "-"))
        return cli_misuse(&cli, "--json and --html - both write to standard output: give a FILE");
    out_init(cli.program, false, stderr);
    struct capture *c = capture_open(operands[0], why, sizeof why);
    const char *path = strcmp(operands[0], "-") ? operands[0] : "standard input";
    out_printable((const uint8_t *)path, strlen(path), name, sizeof name);
    if (!c) {
        out_error("cannot read %s: %s", name, why);
        return CLI_FAILED;
    }
    struct tale t = {.path = name};
    if (tale_read(&t, c)) {
        status = tell(&t);
    } else {
        out_error("there is no memory left for %s: give a shorter capture", name);
        status = CLI_FAILED;
    }
    tale_free(&t);
    capture_close(c);
    return status;
}

/* Help, manual pages and completions from the tables of a command line. */
#include "common/cli_help.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define EXIT_STATUS "0 done, 1 failed, 2 used wrongly."

/* ---- values ---- */

/* Is this the first word of its value? Later ones work and are not shown. */
static bool shown(const struct cli_choice *all, const struct cli_choice *one)
{
    for (const struct cli_choice *c = all; c != one; c++)
        if (c->value == one->value)
            return false;
    return true;
}

void cli_choices_text(const struct cli_choice *choices, const char *between, char *text, size_t cap)
{
    size_t len = 0;
    text[0] = 0;
    for (const struct cli_choice *c = choices; c->word; c++) {
        if (!shown(choices, c))
            continue;
        int n = snprintf(text + len, cap - len, "%s%s", len ? between : "", c->word);
        if (n < 0 || (size_t)n >= cap - len)
            return;
        len += (size_t)n;
    }
}

void cli_argument_text(const struct cli_option *o, char *text, size_t cap)
{
    if (o->argument)
        snprintf(text, cap, "%s", o->argument);
    else if (o->kind == CLI_CHOICE)
        cli_choices_text(o->choices, "|", text, cap);
    else
        snprintf(text, cap, "%s",
                 o->kind == CLI_YES_NO   ? "yes|no"
                 : o->kind == CLI_NUMBER ? "N"
                                         : "VALUE");
}

/* ---- every option, --help and --version among them ---- */

struct row {
    char letter;
    const char *name, *argument, *help;
    const struct cli_option *option; /* NULL: one that is always there */
};

static void each_option(const struct cli *cli, void (*fn)(const struct row *))
{
    for (const struct cli_option *o = cli->options; o && o->kind; o++) {
        char argument[128] = "";
        if (!o->help)
            continue;
        if (o->kind != CLI_FLAG)
            cli_argument_text(o, argument, sizeof argument);
        fn(&(struct row){o->letter, o->name, argument, o->help, o});
    }
    fn(&(struct row){'h', "help", "", "this text; --help=man as a manual page", NULL});
    fn(&(struct row){'V', "version", "", "the version", NULL});
}

/* Line after line of a text. */
static const char *next_line(const char **text, int *len)
{
    const char *line = *text, *end;
    if (!line || !*line)
        return NULL;
    end = strchr(line, '\n');
    *len = end ? (int)(end - line) : (int)strlen(line);
    *text = end ? end + 1 : NULL;
    return line;
}

/* ---- for a reader ---- */

static void print_row(const struct row *r)
{
    char left[160];
    const char *help = r->help, *line;
    int len, n = snprintf(left, sizeof left, "  %c%c%c --%s%s%s", r->letter ? '-' : ' ',
                          r->letter ? r->letter : ' ', r->letter ? ',' : ' ', r->name,
                          *r->argument ? " " : "", r->argument);
    if (n > 28) {
        printf("%s\n", left);
        left[0] = 0;
    }
    while ((line = next_line(&help, &len))) {
        printf("%-30s%.*s\n", left, len, line);
        left[0] = 0;
    }
}

static void print_end(const char *examples)
{
    const char *line;
    int len;
    if (examples)
        printf("\nExamples:\n");
    while ((line = next_line(&examples, &len)))
        printf("  %.*s\n", len, line);
    printf("\nExit status: " EXIT_STATUS "\n");
}

static void print_help(const struct cli *cli)
{
    printf("Usage: %s [options]%s%s\n\n%s\n\nOptions:\n", cli->program, cli->operands ? " " : "",
           cli->operands ? cli->operands : "", cli->about);
    each_option(cli, print_row);
    if (cli->notes)
        printf("\n%s\n", cli->notes);
    print_end(cli->examples);
}

static void print_commands(const char *program, const char *about,
                           const struct cli_command *commands, const char *examples)
{
    printf("Usage: %s COMMAND [options]\n\n%s\n\nCommands:\n", program, about);
    for (const struct cli_command *c = commands; c->name; c++)
        printf("  %-14s%s\n", c->name, c->help);
    printf("\n%s COMMAND --help says more about each.\n", program);
    print_end(examples);
}

/* ---- for man, man(7) ---- */

/* Nothing in it is taken for a request, an escape or a hyphen. */
static void man_text(const char *text, int len)
{
    for (int i = 0; i < len; i++) {
        if (text[i] == '\\')
            printf("\\e");
        else if (text[i] == '-')
            printf("\\-");
        else if ((text[i] == '.' || text[i] == '\'') && i == 0)
            printf("\\&%c", text[i]);
        else
            putchar(text[i]);
    }
}

static void man_words(const char *text)
{
    man_text(text, (int)strlen(text));
}

/* Lines as they are broken. */
static void man_lines(const char *text)
{
    const char *line;
    int len;
    while ((line = next_line(&text, &len))) {
        man_text(line, len);
        putchar('\n');
    }
}

static void man_name(const char *program, char between)
{
    for (const char *p = program; *p; p++)
        putchar(*p == ' ' ? between : *p);
}

/* "troth-scan \- lists the devices around": what it is about, its first sentence. */
static void man_head(const char *program, const char *about)
{
    char name[64];
    size_t n = strcspn(about, ".");
    snprintf(name, sizeof name, "%s", program);
    for (char *p = name; *p; p++)
        *p = *p == ' ' ? '-' : (char)toupper((unsigned char)*p);
    printf(".TH %s %s \"\" \"troth " TROTH_VERSION "\" \"Troth\"\n.SH NAME\n", name,
           strcmp(program, "trothd") ? "1" : "8");
    man_name(program, '-');
    printf(" \\- %c", tolower((unsigned char)about[0]));
    for (size_t i = 1; i < n; i++)
        man_text(about[i] == '\n' ? " " : about + i, 1);
    printf("\n.SH SYNOPSIS\n.B ");
    man_words(program);
}

static void man_row(const struct row *r)
{
    printf(".TP\n.B ");
    if (r->letter)
        printf("\\-%c, ", r->letter);
    printf("\\-\\-");
    man_words(r->name);
    if (*r->argument) {
        printf(" \\fI");
        man_words(r->argument);
        printf("\\fR");
    }
    putchar('\n');
    /* A table within a help text keeps its lines; prose flows. */
    bool table = strstr(r->help, "  ") != NULL;
    printf("%s", table ? ".nf\n" : "");
    man_lines(r->help);
    printf("%s", table ? ".fi\n" : "");
}

static void man_end(const char *examples, const char *more)
{
    if (examples) {
        printf(".SH EXAMPLES\n.nf\n");
        man_lines(examples);
        printf(".fi\n");
    }
    printf(".SH EXIT STATUS\n" EXIT_STATUS "\n.SH SEE ALSO\n%s\n", more);
}

static void man_page(const struct cli *cli)
{
    man_head(cli->program, cli->about);
    printf(" [\\fIoptions\\fP]%s", cli->operands ? " " : "");
    if (cli->operands)
        man_words(cli->operands);
    printf("\n.SH DESCRIPTION\n");
    man_lines(cli->about);
    printf(".SH OPTIONS\n");
    each_option(cli, man_row);
    if (cli->notes) {
        printf(".SH NOTES\n.nf\n");
        man_lines(cli->notes);
        printf(".fi\n");
    }
    man_end(cli->examples, strcmp(cli->program, "trothd") ? ".BR troth (1),\n.BR trothd (8)"
                                                          : ".BR troth (1),\n.BR troth.conf (5)");
}

static void man_commands(const char *program, const char *about, const struct cli_command *commands,
                         const char *examples)
{
    man_head(program, about);
    printf(" \\fICOMMAND\\fP [\\fIoptions\\fP]\n.SH DESCRIPTION\n");
    man_lines(about);
    printf(".SH COMMANDS\n");
    for (const struct cli_command *c = commands; c->name; c++) {
        printf(".TP\n.BR ");
        man_name(program, '-');
        printf("-%s (1)\n", c->name);
        man_words(c->help);
        putchar('\n');
    }
    man_end(examples, ".BR trothd (8),\n.BR libtroth (3)");
}

/* ---- for completion ---- */

static void word_row(const struct row *r)
{
    const struct cli_option *o = r->option;
    char choices[256] = "";
    bool file = strstr(r->argument, "FILE") || strstr(r->argument, "PATH");
    if (o && o->kind == CLI_CHOICE)
        cli_choices_text(o->choices, "|", choices, sizeof choices);
    printf("--%s\t%s\t%.*s\n", r->name,
           *choices       ? choices
           : file         ? "FILE"
           : *r->argument ? r->argument
                          : "",
           (int)strcspn(r->help, "\n"), r->help);
}

static void words(const struct cli *cli)
{
    each_option(cli, word_row);
    if (cli->operands)
        printf("\t%s\t\n", cli->operands);
}

static void command_words(const struct cli_command *commands)
{
    for (const struct cli_command *c = commands; c->name; c++)
        printf("%s\t\t%s\n", c->name, c->help);
}

/* ---- which ---- */

static int no_form(const char *program, const char *form)
{
    return cli_no_command(program, "--help=%s: man or words is expected", form);
}

int cli_help(const struct cli *cli, const char *form)
{
    if (!form)
        print_help(cli);
    else if (!strcmp(form, "man"))
        man_page(cli);
    else if (!strcmp(form, "words"))
        words(cli);
    else
        return no_form(cli->program, form);
    return CLI_DONE;
}

int cli_commands_help(const char *program, const char *about, const struct cli_command *commands,
                      const char *examples, const char *form)
{
    if (!form)
        print_commands(program, about, commands, examples);
    else if (!strcmp(form, "man"))
        man_commands(program, about, commands, examples);
    else if (!strcmp(form, "words"))
        command_words(commands);
    else
        return no_form(program, form);
    return CLI_DONE;
}

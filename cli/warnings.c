/* What users must know besides the result: on stderr at once, and in the JSON object of a command that prints one. */
#include "cli/command.h"

#include "data/warnings_json.h"

#include <stdarg.h>

static tern_warnings shown;

void tern_command_warn_all(const tern_warnings *warnings)
{
    size_t before = shown.n;
    tern_warnings_add(&shown, warnings);
    if (shown.n > before)
        tern_progress_clear();
    for (size_t i = before; i < shown.n; i++)
        fprintf(stderr, "tern: warning: %s\n", shown.items[i]);
}

void tern_command_warn(const char *format, ...)
{
    char text[TERN_ERROR_SIZE];
    tern_warnings one = {0};
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    tern_warn(&one, "%s", text);
    tern_command_warn_all(&one);
    tern_warnings_free(&one);
}

void tern_command_warn_sentence(void *context, const char *sentence)
{
    (void)context;
    tern_command_warn("%s", sentence);
}

void tern_command_add_warnings(json_t *object)
{
    if (shown.n > 0)
        json_object_set_new(object, "warnings", tern_warnings_json(&shown));
}

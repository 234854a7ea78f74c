/* From YAML text to the recipe. Two passes of libyaml: the first looks at events only and refuses what a recipe can't
 * hold (depth, aliases, tags, a second document) before anything is built; the second builds the document and walks it.
 */
#include "recipes/keys.h"

#include "base/memory.h"

#include <string.h>
#include <yaml.h>

enum { MOST_DEPTH = 64 };

typedef struct reader {
    tern_recipe *recipe;
    yaml_document_t *document;
    const char *path; /* of the recipe */
    tern_error *error;
} reader;

static long line_of(yaml_mark_t mark)
{
    return (long)mark.line + 1;
}

static long count_lines(const char *text, size_t n)
{
    long lines = 1;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    return lines;
}

/* The line with that number, counted from 0, and its length without the line end. */
static const char *find_line(const char *text, size_t n, size_t line, size_t *length)
{
    const char *end = text + n;
    for (; line > 0; line--) {
        const char *next = memchr(text, '\n', (size_t)(end - text));
        text = next ? next + 1 : end;
    }
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    *length = (size_t)((stop ? stop : end) - text);
    return text;
}

/* "query: query: " is a key in a key to YAML: the part of the line around column, as it is right, or NULL. A prompt
 * ends in a blank, which editors take away at a line's end. */
static char *quote_colon(const char *line, size_t length, size_t column)
{
    size_t from = column < length ? column : length, to = from;
    while (from > 0 && !strchr("{,", line[from - 1]))
        from--;
    while (to < length && line[to] != ',' && line[to] != '}' && line[to] != '\r' &&
           !(line[to] == '#' && to > 0 && line[to - 1] == ' '))
        to++;
    while (from < to && strchr(" -", line[from]))
        from++;
    const char *colon = memmem(line + from, to - from, ": ", 2);
    if (!colon || colon == line + from)
        return NULL;
    size_t value = (size_t)(colon - line) + 2;
    while (value < to && line[value] == ' ')
        value++;
    while (to > value && line[to - 1] == ' ')
        to--;
    if (value >= to || strchr("{[", line[value]) || !memchr(line + value, ':', to - value) ||
        memchr(line + value, '"', to - value))
        return NULL;
    return tern_format("%.*s: \"%.*s%s\"", (int)(colon - line - (ptrdiff_t)from), line + from, (int)(to - value),
                       line + value, line[to - 1] == ':' ? " " : "");
}

/* What most likely led to a syntax error, from the line it stands on: a clause that begins with "; ", or "". A new
 * string. */
static char *syntax_hint(const char *text, size_t n, yaml_mark_t at, const char *problem)
{
    size_t length;
    const char *line = find_line(text, n, at.line, &length);
    if (memmem(line, length, "${", 2))
        return tern_strdup("; a value with ${...} inside { } needs quotes: \"${NAME}/folder\"");
    if (memmem(line, length, ">=", 2))
        return tern_strdup("; a value that begins with > needs quotes: \">=1\"");
    if (memchr(line, '\t', length))
        return tern_strdup("; YAML is indented by spaces, never by tabs");
    char *right = quote_colon(line, length, at.column);
    if (right) {
        char *hint = tern_format("; a value with a colon in it needs quotes: %s", right);
        free(right);
        return hint;
    }
    if (strstr(problem, "cannot start any token"))
        return tern_strdup("; a value that begins with such a character needs quotes");
    if (strstr(problem, "expected ',' or '}'"))
        return tern_strdup("; between { and } keys have a comma between them");
    if (strstr(problem, "unexpected end of stream"))
        return tern_strdup("; a quote that is opened is closed nowhere");
    return tern_strdup("");
}

static int fail_syntax(const yaml_parser_t *parser, const char *path, const char *text, size_t n, tern_error *error)
{
    const char *problem = parser->problem ? parser->problem : "it can't be read";
    if (parser->error == YAML_MEMORY_ERROR)
        return tern_fail(error, "%s: not enough memory", path);
    if (parser->error == YAML_READER_ERROR) {
        size_t offset = parser->problem_offset < n ? parser->problem_offset : n;
        return tern_fail(error, "%s:%ld: not UTF-8 text: %s; save the file as UTF-8", path, count_lines(text, offset),
                         problem);
    }
    yaml_mark_t at = parser->problem_mark;
    char *hint = syntax_hint(text, n, at, problem);
    if (!*hint && parser->context) {
        free(hint);
        hint = syntax_hint(text, n, parser->context_mark, problem);
    }
    tern_fail(error, "%s:%ld: not valid YAML: %s%s%s, at column %zu%s", path, line_of(at),
              parser->context ? parser->context : "", parser->context ? ": " : "", problem, at.column + 1, hint);
    free(hint);
    return -1;
}

static void start_parser(yaml_parser_t *parser, const char *text, size_t n)
{
    TERN_CHECK(yaml_parser_initialize(parser), "libyaml has no memory");
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(parser, (const unsigned char *)text, n);
}

static const unsigned char *event_tag(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.tag;
    default:
        return NULL;
    }
}

static const unsigned char *event_anchor(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return event->data.alias.anchor;
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor;
    default:
        return NULL;
    }
}

typedef struct counts {
    int depth, documents;
} counts;

static int check_event(const yaml_event_t *event, counts *seen, const char *path, tern_error *error)
{
    long line = line_of(event->start_mark);
    yaml_event_type_t type = event->type;
    seen->depth += (type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT) -
                   (type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT);
    seen->documents += type == YAML_DOCUMENT_START_EVENT;
    if (seen->documents > 1)
        return tern_fail(error, "%s:%ld: a second document begins here; a recipe is one", path, line);
    if (seen->depth > MOST_DEPTH)
        return tern_fail(error, "%s:%ld: nested deeper than %d levels; a recipe needs six", path, line, MOST_DEPTH);
    if (event_anchor(event))
        return tern_fail(error, "%s:%ld: anchors and aliases (&%.40s, *%.40s) are not taken; write the value out", path,
                         line, (const char *)event_anchor(event), (const char *)event_anchor(event));
    if (event_tag(event))
        return tern_fail(error, "%s:%ld: tags (%.80s) are not taken; leave it out", path, line,
                         (const char *)event_tag(event));
    return 0;
}

/* The first pass. */
static int check_events(const char *text, size_t n, const char *path, tern_error *error)
{
    yaml_parser_t parser;
    counts seen = {0, 0};
    int status = 0, over = 0;
    start_parser(&parser, text, n);
    while (status == 0 && !over) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            status = fail_syntax(&parser, path, text, n, error);
            break;
        }
        status = check_event(&event, &seen, path, error);
        over = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (status == 0 && seen.documents == 0)
        return tern_fail(error, "%s: it is empty; a recipe says model, data.train, loss and output.dir at least", path);
    return status;
}

static const char *scalar_text(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

/* A scalar of the document as one word of a value. Text with a NUL inside ("\0") would be cut by C. */
static int add_word(const reader *r, const yaml_node_t *node, const char *key, tern_value *value)
{
    if (node->type != YAML_SCALAR_NODE)
        return tern_fail(r->error, "%s:%ld: %s holds more than a plain value; it takes text and numbers only", r->path,
                         line_of(node->start_mark), key);
    if (strlen(scalar_text(node)) != node->data.scalar.length)
        return tern_fail(r->error, "%s:%ld: %s holds a NUL character", r->path, line_of(node->start_mark), key);
    if (value->n == TERN_VALUE_MOST)
        return tern_fail(r->error, "%s:%ld: %s has more than %d items", r->path, line_of(node->start_mark), key,
                         TERN_VALUE_MOST);
    value->quoted[value->n] = node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    value->words[value->n++] = scalar_text(node);
    return 0;
}

/* Names and numbers of a mapping. */
static int add_pairs(const reader *r, const yaml_node_t *mapping, const char *key, tern_value *value)
{
    const yaml_node_pair_t *end = mapping->data.mapping.pairs.top;
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < end; pair++) {
        const yaml_node_t *name = yaml_document_get_node(r->document, pair->key);
        if (name->type != YAML_SCALAR_NODE || strlen(scalar_text(name)) != name->data.scalar.length)
            return tern_fail(r->error, "%s:%ld: a key must be a plain name", r->path, line_of(name->start_mark));
        if (add_word(r, yaml_document_get_node(r->document, pair->value), key, value) < 0)
            return -1;
        value->names[value->n - 1] = scalar_text(name);
    }
    return 0;
}

static int add_items(const reader *r, const yaml_node_t *list, const char *key, tern_value *value)
{
    const yaml_node_item_t *end = list->data.sequence.items.top;
    for (const yaml_node_item_t *item = list->data.sequence.items.start; item < end; item++)
        if (add_word(r, yaml_document_get_node(r->document, *item), key, value) < 0)
            return -1;
    return 0;
}

static int read_words(const reader *r, int key, const yaml_node_t *node, const char *where, const char *name)
{
    int takes_names = tern_key_get(key)->kind == TERN_KEY_RATES, is_mapping = node->type == YAML_MAPPING_NODE, status;
    tern_value value = {.is_list = node->type == YAML_SEQUENCE_NODE};
    if (is_mapping && !takes_names)
        return tern_fail(r->error, "%s: %s takes a value, not keys", where, name);
    if (is_mapping)
        status = add_pairs(r, node, name, &value);
    else
        status = value.is_list ? add_items(r, node, name, &value) : add_word(r, node, name, &value);
    if (status < 0)
        return -1;
    return tern_value_set(r->recipe, key, &value, TERN_FROM_FILE, where, r->recipe->notes->folder, r->error);
}

static int read_value(const reader *r, int key, const yaml_node_t *node, const char *where)
{
    char *name = tern_key_name(r->recipe, key);
    int status = read_words(r, key, node, where, name);
    free(name);
    return status;
}

static void note_section(tern_recipe *recipe, const char *path, const char *where)
{
    struct tern_recipe_notes *notes = recipe->notes;
    TERN_GROW(notes->sections, notes->n_sections, notes->sections_capacity);
    notes->sections[notes->n_sections++] = (tern_recipe_section){tern_strdup(path), tern_strdup(where)};
}

static int read_mapping(const reader *r, const char *section, const yaml_node_t *mapping);

static int read_section(const reader *r, const char *path, const yaml_node_t *node, const char *where);

/* loss: NAME is short for its name alone. */
static int read_loss_name(const reader *r, const char *path, const yaml_node_t *node, const char *where)
{
    char *name = tern_format("%s.name", path);
    int status = read_value(r, tern_key_find(name), node, where);
    free(name);
    return status;
}

/* Several data sets, or several losses. */
static int read_list(const reader *r, const char *path, tern_key_path at, const yaml_node_t *list, const char *where)
{
    const yaml_node_item_t *items = list->data.sequence.items.start;
    long n = (long)(list->data.sequence.items.top - items), status = 0;
    int *place = at.scope == TERN_SCOPE_LOSS ? &at.place.loss : &at.place.source;
    int most = at.scope == TERN_SCOPE_LOSS ? TERN_RECIPE_MOST_LOSSES : TERN_RECIPE_MOST_SOURCES;
    if (n == 0)
        return tern_fail(r->error, "%s: %s is an empty list; write its items, or leave it out", where, path);
    if (n > most)
        return tern_fail(r->error, "%s: %s has %ld items; it takes up to %d", where, path, n, most);
    *place = (int)n - 1;
    tern_key_reach(r->recipe, at.place);
    for (long i = 0; i < n && status == 0; i++) {
        const yaml_node_t *item = yaml_document_get_node(r->document, items[i]);
        char *own = tern_format("%s[%ld]", path, i), *line = tern_format("%s:%ld", r->path, line_of(item->start_mark));
        status = read_section(r, own, item, line);
        free(own);
        free(line);
    }
    return (int)status;
}

static int read_section(const reader *r, const char *path, const yaml_node_t *node, const char *where)
{
    tern_key_path at;
    TERN_CHECK(tern_key_path_parse(path, &at) == 0, "%s is no section", path);
    int is_item = tern_key_is_item(path), is_in_list = path[strlen(path) - 1] == ']';
    if (is_item && !is_in_list && node->type == YAML_SEQUENCE_NODE)
        return read_list(r, path, at, node, where);
    if (is_item)
        tern_key_reach(r->recipe, at.place);
    note_section(r->recipe, path, where);
    if (node->type == YAML_MAPPING_NODE)
        return read_mapping(r, path, node);
    if (is_item && at.scope == TERN_SCOPE_LOSS && node->type == YAML_SCALAR_NODE)
        return read_loss_name(r, path, node, where);
    if (node->type == YAML_SCALAR_NODE && !*scalar_text(node))
        return tern_fail(r->error, "%s: %s has nothing in it; write its keys, or leave it out", where, path);
    if (node->type == YAML_SCALAR_NODE && strchr(scalar_text(node), ':'))
        return tern_fail(r->error, "%s: %s is \"%.80s\"; write a blank after the colon of a key", where, path,
                         scalar_text(node));
    return tern_fail(r->error, "%s: %s takes keys inside it, as in %s: {key: value}", where, path, path);
}

static int fail_unknown(const reader *r, const char *path, const char *where)
{
    char *advice = tern_key_advice(path);
    tern_fail(r->error, "%s: there is no key %.120s; %s", where, path,
              advice ? advice : "tern help recipe-keys and docs/recipes.md list them all");
    free(advice);
    return -1;
}

/* Every earlier key of this mapping was known and came once, so there are few of them. */
static int check_repeated(const reader *r, const yaml_node_t *mapping, const yaml_node_pair_t *pair, const char *path)
{
    const yaml_node_t *key = yaml_document_get_node(r->document, pair->key);
    for (const yaml_node_pair_t *other = mapping->data.mapping.pairs.start; other < pair; other++) {
        const yaml_node_t *earlier = yaml_document_get_node(r->document, other->key);
        if (!strcmp(scalar_text(earlier), scalar_text(key)))
            return tern_fail(r->error, "%s:%ld: %s was already given on line %ld; keep one of the two", r->path,
                             line_of(key->start_mark), path, line_of(earlier->start_mark));
    }
    return 0;
}

static int read_pair(const reader *r, const char *section, const yaml_node_t *mapping, const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = yaml_document_get_node(r->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(r->document, pair->value);
    if (key->type != YAML_SCALAR_NODE || strlen(scalar_text(key)) != key->data.scalar.length)
        return tern_fail(r->error, "%s:%ld: a key must be a plain name", r->path, line_of(key->start_mark));
    if (strpbrk(scalar_text(key), ".[]"))
        return tern_fail(r->error,
                         "%s:%ld: there is no key %.120s; dots and brackets are for --set, here keys stand inside "
                         "one another",
                         r->path, line_of(key->start_mark), scalar_text(key));
    char *path = *section ? tern_format("%s.%s", section, scalar_text(key)) : tern_strdup(scalar_text(key));
    char *where = tern_format("%s:%ld", r->path, line_of(key->start_mark));
    int at = tern_key_find(path), status;
    if (at < 0 && !tern_key_is_section(path))
        status = fail_unknown(r, path, where);
    else if (check_repeated(r, mapping, pair, path) < 0)
        status = -1;
    else
        status = at >= 0 ? read_value(r, at, value, where) : read_section(r, path, value, where);
    free(path);
    free(where);
    return status;
}

/* The depth is that of the table's sections: an unknown one ends the walk. */
static int read_mapping(const reader *r, const char *section, const yaml_node_t *mapping)
{
    const yaml_node_pair_t *end = mapping->data.mapping.pairs.top;
    for (const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < end; pair++)
        if (read_pair(r, section, mapping, pair) < 0)
            return -1;
    return 0;
}

static int read_document(const reader *r)
{
    const yaml_node_t *root = yaml_document_get_root_node(r->document);
    if (!root || root->type != YAML_MAPPING_NODE)
        return tern_fail(r->error, "%s:%ld: a recipe is made of keys, such as model: NAME; this is %s", r->path,
                         root ? line_of(root->start_mark) : 1L,
                         root && root->type == YAML_SEQUENCE_NODE ? "a list" : "a single value");
    return read_mapping(r, "", root);
}

int tern_yaml_read(tern_recipe *recipe, const char *text, size_t n, tern_error *error)
{
    const char *path = recipe->notes->path;
    if (n > TERN_RECIPE_MOST_BYTES)
        return tern_fail(error, "%s: it is larger than 256 KiB, the most that a recipe may be", path);
    if (n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) {
        text += 3;
        n -= 3;
    }
    if (check_events(text, n, path, error) < 0)
        return -1;
    yaml_parser_t parser;
    yaml_document_t document;
    start_parser(&parser, text, n);
    int status = -1;
    if (!yaml_parser_load(&parser, &document)) {
        fail_syntax(&parser, path, text, n, error);
    } else {
        status = read_document(&(reader){recipe, &document, path, error});
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return status;
}

#include "data/foreign.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/words.h"
#include "data/utf8.h"

#include <string.h>
#include <strings.h>

/* How to make text of it; IN and OUT stand for this file and the one to make. */
static const char workbook[] =
    "save the sheet as CSV in UTF-8, or run: soffice --headless --convert-to 'csv:Text - txt - csv "
    "(StarCalc):44,34,76' IN";
static const char parquet[] = "run: python3 -c 'import pandas, sys; pandas.read_parquet(sys.argv[1]).to_json(sys.argv"
                              "[2], orient=\"records\", lines=True)' IN OUT.jsonl";
static const char feather[] = "run: python3 -c 'import pandas, sys; pandas.read_feather(sys.argv[1]).to_json(sys.argv"
                              "[2], orient=\"records\", lines=True)' IN OUT.jsonl";
static const char excel[] =
    "save the sheet as CSV in UTF-8, or run: python3 -c 'import pandas, sys; pandas.read_excel(sys."
    "argv[1]).to_csv(sys.argv[2], index=False)' IN OUT.csv";
static const char stream[] = "run: python3 -c 'import pyarrow.ipc, sys; pyarrow.ipc.open_stream(sys.argv[1])."
                             "read_pandas().to_json(sys.argv[2], orient=\"records\", lines=True)' IN OUT.jsonl";
static const char document[] = "save it as plain text in UTF-8, or run: soffice --headless --convert-to txt:Text IN";
static const char utf16[] = "save it as UTF-8, or run: iconv -f UTF-16 -t UTF-8 <IN >OUT";

static const char lfs_pointer[] = "a Git LFS pointer and not the data themselves";

typedef struct kind {
    const char *bytes;
    size_t n, at;
    const char *what, *todo;
    int word; /* that a text may hold at that place, too: what stands around it decides */
} kind;

#define KIND(bytes, at, what, todo)                                                                                    \
    {                                                                                                                  \
        bytes, sizeof bytes - 1, at, what, todo, 0                                                                     \
    }
#define WORD(bytes, at, what, todo)                                                                                    \
    {                                                                                                                  \
        bytes, sizeof bytes - 1, at, what, todo, 1                                                                     \
    }

/* Where the name of a zip archive's first file is. */
enum { ZIP_NAME = 30 };

/* By the first that fits: https://en.wikipedia.org/wiki/List_of_file_signatures and the formats' own papers. */
static const kind kinds[] = {
    WORD("PAR1", 0, "a Parquet file", parquet),
    WORD("ARROW1", 0, "an Arrow (Feather) file", feather),
    WORD("FEA1", 0, "a Feather file", feather),
    KIND("\xFF\xFF\xFF\xFF", 0, "an Arrow stream", stream),
    KIND("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 0, "an old Office file (Excel's .xls)", workbook),
    KIND("mimetypeapplication/vnd.oasis.opendocument.spreadsheet", ZIP_NAME, "an OpenDocument spreadsheet (.ods)",
         workbook),
    KIND("mimetypeapplication/vnd.oasis.opendocument.text", ZIP_NAME, "an OpenDocument text (.odt)", document),
    KIND("\x1F\x8B", 0, "compressed by gzip", "unpack it: gzip -dc <IN >OUT"),
    KIND("\x28\xB5\x2F\xFD", 0, "compressed by zstd", "unpack it: zstd -dc <IN >OUT"),
    KIND("\xFD"
         "7zXZ",
         0, "compressed by xz", "unpack it: xz -dc <IN >OUT"),
    WORD("BZh", 0, "compressed by bzip2", "unpack it: bzip2 -dc <IN >OUT"),
    KIND("\x04\x22\x4D\x18", 0, "compressed by lz4", "unpack it: lz4 -dc <IN >OUT"),
    KIND("7z\xBC\xAF\x27\x1C", 0, "a 7z archive", "unpack it: 7z x IN"),
    KIND("Rar!\x1A\x07", 0, "a RAR archive", "unpack it: unrar x IN"),
    KIND("ustar\0", 257, "a tar archive", "unpack it: tar -xf IN"),
    KIND("ustar  \0", 257, "a tar archive", "unpack it: tar -xf IN"), /* GNU tar's own */
    KIND("%PDF-", 0, "a PDF file", "take its text out: pdftotext -enc UTF-8 IN OUT.txt"),
    KIND("SQLite format 3\0", 0, "an SQLite database",
         "write a table of it: sqlite3 -header -csv IN 'select * from "
         "TABLE' >OUT.csv"),
    KIND("\x89HDF\r\n\x1A\n", 0, "an HDF5 file", "write its texts as JSONL, CSV or lines"),
    KIND("\x93NUMPY", 0, "a NumPy array", "write its texts as JSONL, CSV or lines"),
    KIND("\x80\x04\x95", 0, "a Python pickle", "write it as JSONL with the program that made it"),
    KIND("\x80\x05\x95", 0, "a Python pickle", "write it as JSONL with the program that made it"),
    KIND("version https://git-lfs.github.com/spec/v1", 0, lfs_pointer,
         "fetch them with git lfs pull, or download the file from its page"),
    KIND("\xFF\xFE\0\0", 0, "UTF-32", "save it as UTF-8, or run: iconv -f UTF-32 -t UTF-8 <IN >OUT"),
    KIND("\xFF\xFE", 0, "UTF-16", utf16),
    KIND("\xFE\xFF", 0, "UTF-16", utf16),
};

static int holds(const char *data, size_t n, const char *part)
{
    return memmem(data, n, part, strlen(part)) != NULL;
}

/* A zip archive by the names of what is in it, at its beginning or in the list at its end. */
static kind of_zip(const char *data, size_t n)
{
    enum { LOOK = 1 << 16 };
    const char *end = data + (n > LOOK ? n - LOOK : 0);
    size_t from = n < LOOK ? n : LOOK, behind = n - (size_t)(end - data);
    if (holds(data, from, "xl/") || holds(end, behind, "xl/workbook"))
        return (kind){.what = "an Excel workbook (.xlsx)", .todo = excel};
    if (holds(data, from, "word/") || holds(end, behind, "word/document"))
        return (kind){.what = "a Word document (.docx)", .todo = document};
    if (holds(end, behind, ".npy"))
        return (kind){.what = "a file of NumPy arrays (.npz)", .todo = "write its texts as JSONL, CSV or lines"};
    return (kind){.what = "a zip archive", .todo = "unpack it: unzip IN"};
}

/* Every other one of the first bytes is a NUL, as in UTF-16 without a byte order mark. */
static int is_bare_utf16(const char *data, size_t n)
{
    size_t pairs = n / 2 < 32 ? n / 2 : 32, first = 0, second = 0;
    for (size_t i = 0; i < pairs; i++) {
        first += data[2 * i] == 0;
        second += data[2 * i + 1] == 0;
    }
    return pairs >= 2 && ((first == pairs && second == 0) || (second == pairs && first == 0));
}

static int is_zip(const char *data, size_t n)
{
    return n >= 4 && memcmp(data, "PK\3\4", 4) == 0;
}

/* UTF-8 without control characters, as far as its beginning shows: those files have counts and sums there. */
static int looks_like_text(const char *data, size_t n)
{
    enum { LOOK = 512, LONGEST = 4 };
    size_t look = n < LOOK ? n : LOOK;
    for (size_t i = 0; i < look; i++)
        if ((unsigned char)data[i] < ' ' && !(data[i] >= '\t' && data[i] <= '\r'))
            return 0;
    /* The cut may go through a character. */
    return tern_utf8_check(data, look) + (look < n ? LONGEST : 1) > look;
}

static int find_kind(const char *data, size_t n, kind *found)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const kind *k = &kinds[i];
        if (n >= k->at + k->n && memcmp(data + k->at, k->bytes, k->n) == 0 && !(k->word && looks_like_text(data, n)) &&
            (k->at != ZIP_NAME || is_zip(data, n))) {
            *found = *k;
            return 1;
        }
    }
    if (is_zip(data, n)) {
        *found = of_zip(data, n);
        return 1;
    }
    if (is_bare_utf16(data, n)) {
        int big = data[0] == 0;
        *found = (kind){.what = "UTF-16 without a byte order mark",
                        .todo = big ? "save it as UTF-8, or run: iconv -f UTF-16BE -t UTF-8 <IN >OUT"
                                    : "save it as UTF-8, or run: iconv -f UTF-16LE -t UTF-8 <IN >OUT"};
        return 1;
    }
    return 0;
}

/* A name for what is made of it: "faq.csv" of "data/faq.csv.gz", "faq" of "data/faq.parquet", else new-NAME. */
static char *name_of_result(const char *path, int with_ending)
{
    static const char *const packed[] = {".gz", ".zst", ".xz", ".bz2", ".lz4"};
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    if (!with_ending && dot && dot != name)
        return tern_strndup(name, (size_t)(dot - name));
    for (size_t i = 0; dot && dot != name && i < sizeof packed / sizeof *packed; i++)
        if (strcasecmp(dot, packed[i]) == 0)
            return tern_strndup(name, (size_t)(dot - name));
    return tern_format("new-%s", name);
}

/* The command for this file, quoted for a shell. A new string. */
static char *command_for(const char *todo, const char *path)
{
    tern_buffer text = {0};
    char *in = tern_shell_word(path);
    for (const char *at = todo; *at;) {
        if (strncmp(at, "OUT", 3) == 0) {
            size_t ending = strspn(at + 3, ".abcdefghijklmnopqrstuvwxyz");
            char *name = name_of_result(path, ending == 0), *whole = tern_format("%s%.*s", name, (int)ending, at + 3);
            char *out = tern_shell_word(whole);
            tern_buffer_printf(&text, "%s", out);
            free(out);
            free(whole);
            free(name);
            at += 3 + ending;
        } else if (strncmp(at, "IN", 2) == 0) {
            tern_buffer_printf(&text, "%s", in);
            at += 2;
        } else {
            tern_buffer_add(&text, at++, 1);
        }
    }
    free(in);
    return text.data;
}

int tern_foreign_check(const char *path, const char *data, size_t n, tern_error *error)
{
    kind found;
    if (!find_kind(data, n, &found))
        return 0;
    char *command = command_for(found.todo, path);
    tern_fail(error, "%s: it is %s%s; %s", path, found.what,
              found.what == lfs_pointer ? "" : ", which tern doesn't read", command);
    free(command);
    return -1;
}

int tern_foreign_check_file(const char *path, tern_error *error)
{
    tern_map map;
    if (tern_map_open(&map, path, error) < 0)
        return -1;
    int status = map.n ? tern_foreign_check(path, (const char *)map.data, map.n, error) : 0;
    tern_map_close(&map);
    return status;
}

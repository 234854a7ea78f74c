#include "data/foreign.h"
#include "data/input.h"
#include "tests/support.h"

#include <string.h>

static tern_error error;

static void expect_kind(const char *name, const char *bytes, size_t n, const char *what, const char *command)
{
    error = (tern_error){{0}};
    ck_assert_int_eq(tern_foreign_check(name, bytes, n, &error), -1);
    ck_assert_msg(strstr(error.message, what) != NULL, "\"%s\" lacks \"%s\"", error.message, what);
    ck_assert_msg(strstr(error.message, command) != NULL, "\"%s\" lacks \"%s\"", error.message, command);
    ck_assert_ptr_eq(strstr(error.message, name), error.message);
    ck_assert_ptr_null(strchr(error.message, '\n'));
}

#define EXPECT(name, bytes, what, command) expect_kind(name, bytes, sizeof bytes - 1, what, command)

START_TEST(files_are_named_by_their_first_bytes_whatever_their_name_says)
{
    EXPECT("faq.csv", "PAR1\x15\x04", "a Parquet file", "faq.csv faq.jsonl");
    EXPECT("d/faq.parquet", "PAR1\x15\x04", "a Parquet file", "read_parquet");
    EXPECT("x.feather", "ARROW1\0\0", "an Arrow (Feather) file", "read_feather");
    EXPECT("x.csv", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 ", ".xls", "soffice --headless");
    EXPECT("x.csv",
           "PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x2E\0\0\0mimetypeapplication/"
           "vnd.oasis.opendocument.spreadsheet",
           ".ods", "44,34,76' x.csv");
    EXPECT("faq.txt", "PK\3\4\x14\0\x06\0[Content_Types].xml ... xl/workbook.xml", "an Excel workbook",
           "save the sheet");
    EXPECT("x.txt", "PK\3\4\x14\0\x06\0[Content_Types].xml ... word/document.xml", "a Word document", "plain text");
    EXPECT("x.txt", "PK\3\4\x14\0\x06\0notes.txt", "a zip archive", "unzip x.txt");
    EXPECT("x.pdf", "%PDF-1.7\n", "a PDF file", "pdftotext");
    EXPECT("x.db", "SQLite format 3\0", "an SQLite database", "sqlite3");
    EXPECT("x.h5", "\x89HDF\r\n\x1A\n", "an HDF5 file", "JSONL");
    EXPECT("x.npy", "\x93NUMPY\1\0", "a NumPy array", "JSONL");
}
END_TEST

START_TEST(packed_files_come_with_the_command_that_unpacks_them)
{
    EXPECT("d/faq.csv.gz", "\x1F\x8B\x08\0", "compressed by gzip", "gzip -dc <d/faq.csv.gz >faq.csv");
    EXPECT("my faq.csv", "\x1F\x8B\x08\0", "compressed by gzip", "gzip -dc <'my faq.csv' >'new-my faq.csv'");
    EXPECT("faq.jsonl.zst", "\x28\xB5\x2F\xFD ", "compressed by zstd", "zstd -dc <faq.jsonl.zst >faq.jsonl");
    EXPECT("a.xz", "\xFD\x37\x7A\x58\x5A\0", "compressed by xz", "xz -dc <a.xz >a");
    EXPECT("a.tsv.bz2", "BZh91AY&SY\x9A\x1C\xE3", "compressed by bzip2", "bzip2 -dc");
}
END_TEST

START_TEST(utf16_and_pointers_of_git_lfs_are_named)
{
    EXPECT("x.csv",
           "\xFF\xFE"
           "a\0",
           "UTF-16", "iconv -f UTF-16 -t UTF-8 <x.csv >new-x.csv");
    EXPECT("x.csv", "a\0,\0b\0\n\0", "UTF-16 without a byte order mark", "UTF-16LE");
    EXPECT("x.csv", "\0a\0,\0b\0\n", "UTF-16 without a byte order mark", "UTF-16BE");
    EXPECT("corpus.jsonl", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
           "a Git LFS pointer", "git lfs pull");
}
END_TEST

START_TEST(texts_are_none_of_these)
{
    static const char *const texts[] = {
        "",
        "P",
        "PAR",
        "PARIS, France",
        "{\"a\": 1}",
        "a,b\n",
        "version 1\n",
        "BZ",
        "PAR1 Q0 d1 1 0.5 tern\n",
        "FEA1\td1\t1\r\n",
        "ARROW1,\xC3\xA9\n",
        "BZh",
        "thirty bytes of a line, then: mimetypeapplication/vnd.oasis.opendocument.text",
        "thirty bytes of a line, then: mimetypeapplication/vnd.oasis.opendocument.spreadsheet"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        ck_assert_int_eq(tern_foreign_check("x.txt", texts[i], strlen(texts[i]), &error), 0);
}
END_TEST

/* A file of 300 bytes with that word where a tar archive has its own. */
static int tar_status(const char *word, size_t n, char first)
{
    char file[300];
    memset(file, 'x', sizeof file);
    file[0] = first;
    memcpy(file + 257, word, n);
    return tern_foreign_check("x.tar", file, sizeof file, &error);
}

START_TEST(tar_archives_are_told_from_texts_that_say_ustar)
{
    ck_assert_int_eq(tar_status("ustar\00000", 8, 'x'), -1);
    ck_assert_ptr_nonnull(strstr(error.message, "tar -xf x.tar"));
    ck_assert_int_eq(tar_status("ustar  ", 8, 'x'), -1);
    ck_assert_int_eq(tar_status("ustar is", 8, 'x'), 0);
    ck_assert_int_eq(tar_status("ustar is", 8, 1), 0);
}
END_TEST

static void expect_input(const char *text, const char *words)
{
    tern_input input;
    error = (tern_error){{0}};
    ck_assert_int_eq(tern_input_of_memory(&input, "x.csv", text, strlen(text), 0, &error), -1);
    ck_assert_msg(strstr(error.message, words) != NULL, "\"%s\" lacks \"%s\"", error.message, words);
}

START_TEST(inputs_refuse_cr_line_ends_and_count_lines_of_invalid_utf8)
{
    expect_input("a,b\rc,d\r",
                 "x.csv:1: its lines end with CR alone, which tern doesn't read; run: tr '\\r' '\\n' <x.csv");
    expect_input("a\nb\xE9\nc\xE9\xE9\nd\ne\xE9", "x.csv:2: invalid UTF-8 (byte 0xE9), as on 2 more lines;");
    expect_input("a\nb\xE9\nc\n", "x.csv:2: invalid UTF-8 (byte 0xE9);");
    expect_input("\x1F\x8B\x08", "gzip");
}
END_TEST

START_TEST(memory_is_read_as_a_file_is)
{
    tern_input input;
    const char *line;
    size_t n;
    ck_assert_int_eq(tern_input_of_memory(&input, "x",
                                          "\xEF\xBB\xBF"
                                          "a\r\nb\r",
                                          8, 0, &error),
                     0);
    ck_assert_int_eq(tern_input_next(&input, &line, &n), 1);
    ck_assert_uint_eq(n, 1);
    ck_assert_int_eq(tern_input_next(&input, &line, &n), 1);
    ck_assert_int_eq(tern_input_next(&input, &line, &n), 0);
    tern_input_close(&input);
    ck_assert_int_eq(tern_input_of_memory(&input, "x", NULL, 0, 0, &error), 0);
    ck_assert_int_eq(tern_input_next(&input, &line, &n), 0);
    tern_input_close(&input);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("foreign");
    TCase *tc = tcase_create("foreign");
    tcase_add_test(tc, files_are_named_by_their_first_bytes_whatever_their_name_says);
    tcase_add_test(tc, packed_files_come_with_the_command_that_unpacks_them);
    tcase_add_test(tc, utf16_and_pointers_of_git_lfs_are_named);
    tcase_add_test(tc, texts_are_none_of_these);
    tcase_add_test(tc, tar_archives_are_told_from_texts_that_say_ustar);
    tcase_add_test(tc, inputs_refuse_cr_line_ends_and_count_lines_of_invalid_utf8);
    tcase_add_test(tc, memory_is_read_as_a_file_is);
    suite_add_tcase(suite, tc);
    return tern_test_run(suite);
}

#include "train/token_cache.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/integer.h"
#include "base/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FEWEST_BYTES = 1 << 20, /* of text: less is tokenised in the time that finding the file takes */
    TEXTS_A_BLOCK = 1024,
    BYTES_A_BLOCK = 1 << 20,
    SAMPLES = 32,
};

static const int64_t most_bytes = INT64_C(2) << 30; /* of all files together */

/* To be changed when the tokenizer gives other ids for the same files, or when the file's layout changes. */
static const uint64_t magic = UINT64_C(0x3230736469746E); /* "ntids02" */

typedef struct header {
    uint64_t magic, key, n, cut, n_ids, checksum;
} header;

/* Bytes in blocks on all threads; the result is a function of the bytes alone. */
static uint64_t hash_blocks(const void *bytes, size_t n, uint64_t seed)
{
    int64_t blocks = tern_parts((int64_t)n, BYTES_A_BLOCK);
    uint64_t *hashes = tern_alloc((size_t)blocks, sizeof *hashes);
#pragma omp parallel for
    for (int64_t i = 0; i < blocks; i++) {
        size_t from = (size_t)i * BYTES_A_BLOCK, left = n - from;
        hashes[i] = tern_hash((const char *)bytes + from, left < BYTES_A_BLOCK ? left : BYTES_A_BLOCK, seed);
    }
    uint64_t all = tern_hash(hashes, (size_t)blocks * sizeof *hashes, seed);
    free(hashes);
    return all;
}

static uint64_t hash_texts(const tern_token_texts *job, uint64_t seed)
{
    int64_t blocks = tern_parts(job->n, TEXTS_A_BLOCK);
    uint64_t *hashes = tern_alloc((size_t)blocks, sizeof *hashes);
#pragma omp parallel for
    for (int64_t i = 0; i < blocks; i++) {
        int64_t from = i * TEXTS_A_BLOCK, to = from + TEXTS_A_BLOCK < job->n ? from + TEXTS_A_BLOCK : job->n;
        hashes[i] = seed;
        for (int64_t k = from; k < to; k++)
            hashes[i] = tern_hash(job->texts[k], job->lengths[k], hashes[i]);
    }
    uint64_t all = tern_hash(hashes, (size_t)blocks * sizeof *hashes, seed);
    free(hashes);
    return all;
}

uint64_t tern_token_cache_key(const tern_token_texts *job)
{
    const char *prompt = job->prompt ? job->prompt : "";
    uint64_t settings[] = {magic, job->tokenizer_hash, (uint64_t)job->max_length, (uint64_t)job->n};
    return hash_texts(job, tern_hash(prompt, strlen(prompt), tern_hash(settings, sizeof settings, 0)));
}

static uint64_t checksum_of(const header *head, const uint32_t *lengths, const int32_t *ids)
{
    uint64_t hash = hash_blocks(lengths, head->n * sizeof *lengths, magic ^ head->cut);
    return hash_blocks(ids, head->n_ids * sizeof *ids, hash);
}

static void encode(const tern_token_texts *job, tern_ids *out)
{
    tern_tokenizer_encode_all(job->tokenizer, job->prompt, job->texts, job->lengths, job->n, job->max_length, out);
}

/* Opens a file of this user's; *size is its length. NULL: it is not to be used. */
static FILE *open_kept(const char *path, uint64_t *size)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    FILE *in = NULL;
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid())
        in = fdopen(fd, "rb");
    if (in)
        *size = (uint64_t)info.st_size;
    else if (fd >= 0)
        close(fd);
    return in;
}

/* 1 when the header is one that fits the job and the file's size. */
static int read_header(FILE *in, uint64_t size, const tern_token_texts *job, uint64_t key, header *head)
{
    uint64_t lengths = (uint64_t)job->n * sizeof(uint32_t);
    return size >= sizeof *head + lengths && fread(head, sizeof *head, 1, in) == 1 && head->magic == magic &&
           head->key == key && head->n == (uint64_t)job->n && head->n_ids <= size &&
           size == sizeof *head + lengths + head->n_ids * sizeof(int32_t);
}

/* 1 when lengths [n] and ids are what the header promises and what the tokenizer could have given. A text that was cut
 * is as long as one may be. */
static int check(const tern_token_texts *job, const header *head, const uint32_t *lengths, const tern_ids *ids)
{
    uint64_t sum = 0, full = 0, longest = job->max_length > 0 ? (uint64_t)job->max_length : UINT32_MAX;
    int32_t size = tern_tokenizer_size(job->tokenizer);
    int fits = checksum_of(head, lengths, ids->ids) == head->checksum;
    for (int64_t i = 0; fits && i < job->n; i++) {
        fits = lengths[i] <= longest;
        full += lengths[i] == longest;
        sum += lengths[i];
    }
    for (uint64_t i = 0; fits && i < head->n_ids; i++)
        fits = ids->ids[i] >= 0 && ids->ids[i] < size;
    return fits && sum == head->n_ids && head->cut <= full;
}

/* A few texts are tokenised nevertheless: ids of a tokenizer that has changed without its files are noticed, and a
 * number of cut texts that can't be theirs. */
static int samples_agree(const tern_token_texts *job, const tern_ids *ids)
{
    int agree = 1;
    int64_t step = job->n / SAMPLES > 0 ? job->n / SAMPLES : 1, cut = 0, whole = 0;
    for (int64_t i = 0; agree && i < job->n; i += step) {
        tern_ids one = {0};
        tern_token_texts text = *job;
        text.texts += i;
        text.lengths += i;
        text.n = 1;
        encode(&text, &one);
        int64_t n = ids->offsets[i + 1] - ids->offsets[i];
        agree = one.offsets[1] == n && (n == 0 || memcmp(one.ids, ids->ids + ids->offsets[i], (size_t)n * 4) == 0);
        cut += one.cut;
        whole += 1 - one.cut;
        tern_ids_free(&one);
    }
    return agree && ids->cut >= cut && ids->cut <= job->n - whole;
}

int tern_token_cache_read(FILE *in, uint64_t size, const tern_token_texts *job, uint64_t key, tern_ids *out)
{
    header head;
    if (!read_header(in, size, job, key, &head))
        return 0;
    size_t n = (size_t)job->n;
    uint32_t *lengths = tern_alloc(n, sizeof *lengths);
    *out = (tern_ids){.n = job->n, .cut = (int64_t)head.cut, .id_capacity = head.n_ids, .offset_capacity = n + 1};
    out->ids = tern_alloc(head.n_ids, sizeof *out->ids);
    out->offsets = tern_alloc(n + 1, sizeof *out->offsets);
    out->offsets[0] = 0;
    int found = fread(lengths, sizeof *lengths, n, in) == n &&
                fread(out->ids, sizeof *out->ids, head.n_ids, in) == head.n_ids && check(job, &head, lengths, out);
    for (size_t i = 0; found && i < n; i++)
        out->offsets[i + 1] = out->offsets[i] + lengths[i];
    found = found && samples_agree(job, out);
    free(lengths);
    if (!found)
        tern_ids_free(out);
    return found;
}

static int read_kept(const char *path, const tern_token_texts *job, uint64_t key, tern_ids *out)
{
    uint64_t size = 0;
    FILE *in = open_kept(path, &size);
    int found = in && tern_token_cache_read(in, size, job, key, out);
    if (in)
        fclose(in);
    if (found)
        utimensat(AT_FDCWD, path, NULL, 0); /* used last, removed last */
    return found;
}

typedef struct kept {
    char *path;
    int64_t bytes;
    struct timespec used;
} kept;

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const kept *)a)->used, *y = &((const kept *)b)->used;
    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* 16 hexadecimal digits and .ids. */
static int is_ours(const char *name)
{
    size_t digits = strspn(name, "0123456789abcdef");
    return digits == 16 && !strcmp(name + digits, ".ids");
}

/* A folder of this user's and no link to another: what is in it decides what is removed. */
static int is_own_folder(const char *folder)
{
    struct stat info;
    return lstat(folder, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
}

void tern_token_cache_prune(const char *folder, int64_t limit)
{
    kept *files = NULL;
    size_t n = 0, capacity = 0;
    int64_t total = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char *path = tern_path_join(folder, entry->d_name);
        struct stat info;
        if (!is_ours(entry->d_name) || lstat(path, &info) != 0 || !S_ISREG(info.st_mode)) {
            free(path);
            continue;
        }
        TERN_GROW(files, n, capacity);
        files[n++] = (kept){path, info.st_size, info.st_mtim};
        total += info.st_size;
    }
    if (dir)
        closedir(dir);
    if (n)
        qsort(files, n, sizeof *files, by_use);
    for (size_t i = 0; i < n; i++) {
        if (total > limit && unlink(files[i].path) == 0)
            total -= files[i].bytes;
        free(files[i].path);
    }
    free(files);
}

/* What isn't a file (a link, a pipe) has no business under a name of the cache's. */
static void clear_way(const char *path)
{
    struct stat info;
    if (lstat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
        unlink(path);
}

void tern_token_cache_write(FILE *out, const tern_token_texts *job, uint64_t key, const tern_ids *ids)
{
    size_t n = (size_t)job->n, n_ids = (size_t)ids->offsets[n];
    uint32_t *lengths = tern_alloc(n, sizeof *lengths);
    for (size_t i = 0; i < n; i++)
        lengths[i] = (uint32_t)(ids->offsets[i + 1] - ids->offsets[i]);
    header head = {.magic = magic, .key = key, .n = n, .cut = (uint64_t)ids->cut, .n_ids = n_ids};
    head.checksum = checksum_of(&head, lengths, ids->ids);
    fwrite(&head, sizeof head, 1, out);
    fwrite(lengths, sizeof *lengths, n, out);
    fwrite(ids->ids, sizeof *ids->ids, n_ids, out);
    free(lengths);
}

/* A cache that can't be written is no error. */
static void keep(const char *folder, const char *path, const tern_token_texts *job, uint64_t key, const tern_ids *ids)
{
    tern_error ignored;
    size_t n = (size_t)job->n, n_ids = (size_t)ids->offsets[n];
    int64_t bytes = (int64_t)(sizeof(header) + n * sizeof(uint32_t) + n_ids * sizeof *ids->ids);
    if (bytes > most_bytes || tern_make_folder(folder, &ignored) < 0 || !is_own_folder(folder))
        return;
    chmod(folder, 0700); /* ids can be turned back into texts */
    tern_token_cache_prune(folder, most_bytes - bytes);
    clear_way(path);
    tern_writer *writer = tern_writer_open(path, 1, &ignored);
    if (!writer)
        return;
    tern_token_cache_write(tern_writer_stream(writer), job, key, ids);
    tern_writer_commit(writer, &ignored);
}

int tern_token_cache_encode(const tern_token_texts *job, tern_ids *out)
{
    size_t bytes = 0;
    for (int64_t i = 0; i < job->n; i++)
        bytes += job->lengths[i];
    if (bytes < FEWEST_BYTES) {
        encode(job, out);
        return 0;
    }
    uint64_t key = tern_token_cache_key(job);
    char *cache = tern_cache_folder();
    if (!cache) {
        encode(job, out);
        return 0;
    }
    char *folder = tern_path_join(cache, "tokens");
    char *path = tern_format("%s/%016llx.ids", folder, (unsigned long long)key);
    int found = read_kept(path, job, key, out);
    if (!found) {
        encode(job, out);
        keep(folder, path, job, key, out);
    }
    free(path);
    free(folder);
    free(cache);
    return found;
}

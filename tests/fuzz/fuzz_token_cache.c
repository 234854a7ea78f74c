/* Files of token ids. The first byte of the input chooses a job, of which the second makes the texts; the rest is the
 * file, and with the first byte's highest bit its header is made right for the job and for what follows it. Of a job
 * whose texts are all looked at, what is read is the very file that would have been written for it; of a larger one,
 * ids are in range, lengths add up, no text is longer than it may be, and written again it is the same file. What was
 * written is read. */
#include "base/hash.h"
#include "base/memory.h"
#include "fuzz.h"
#include "train/token_cache.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_TEXTS = 80, ALL_LOOKED_AT = 64, MOST_BYTES = 1 << 20 };

typedef struct head {
    uint64_t magic, key, n, cut, n_ids, checksum;
} head;

static const char vocabulary[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ndog\ncat\n##s\n:\n";
static const char *const known_texts[] = {"the dog", "", "cats", "the dogs: the cat the cat", "unheard dog", ":"};
enum { N_KNOWN = sizeof known_texts / sizeof *known_texts };

static tern_buffer written(const tern_token_texts *job, uint64_t key, const tern_ids *ids)
{
    tern_buffer file = {0};
    FILE *out = open_memstream(&file.data, &file.n);
    tern_token_cache_write(out, job, key, ids);
    TERN_CHECK(fclose(out) == 0, "no memory");
    return file;
}

static int read_back(const void *bytes, size_t n, const tern_token_texts *job, uint64_t key, tern_ids *ids)
{
    FILE *in = fmemopen((void *)bytes, n, "r");
    TERN_CHECK(in, "no stream of %zu bytes", n);
    int found = tern_token_cache_read(in, n, job, key, ids);
    TERN_CHECK(found || (!ids->ids && !ids->offsets), "refused, but not empty");
    fclose(in);
    return found;
}

static uint64_t hash_block(const void *bytes, size_t n, uint64_t seed)
{
    uint64_t hash = tern_hash(bytes, n, seed);
    return tern_hash(&hash, n ? sizeof hash : 0, seed);
}

/* Gives a file the magic of a right one, its key, its number of texts, and a checksum that is right. */
static void forge(uint8_t *file, size_t n, const head *right)
{
    head h;
    size_t lengths = sizeof h + right->n * sizeof(uint32_t);
    if (n < lengths || n > MOST_BYTES)
        return;
    memcpy(&h, file, sizeof h);
    h.magic = right->magic;
    h.key = right->key;
    h.n = right->n;
    h.checksum = hash_block(file + sizeof h, lengths - sizeof h, h.magic ^ h.cut);
    h.checksum = hash_block(file + lengths, n - lengths, h.checksum);
    memcpy(file, &h, sizeof h);
}

static void check_ids(const tern_token_texts *job, const tern_ids *ids)
{
    TERN_CHECK(ids->n == job->n && ids->offsets[0] == 0 && ids->cut >= 0 && ids->cut <= ids->n, "%lld texts, %lld cut",
               (long long)ids->n, (long long)ids->cut);
    for (int64_t i = 0; i < ids->n; i++) {
        int64_t length = ids->offsets[i + 1] - ids->offsets[i];
        TERN_CHECK(length >= 0 && (!job->max_length || length <= job->max_length), "text %lld has %lld ids",
                   (long long)i, (long long)length);
    }
    for (int64_t i = 0; i < ids->offsets[ids->n]; i++)
        TERN_CHECK(ids->ids[i] >= 0 && ids->ids[i] < tern_tokenizer_size(job->tokenizer), "id %d", ids->ids[i]);
}

static int same(const tern_buffer *a, const void *bytes, size_t n)
{
    return a->n == n && !memcmp(a->data, bytes, n);
}

static void check_read(const tern_token_texts *job, const uint8_t *file, size_t n, const tern_buffer *right,
                       uint64_t key)
{
    tern_ids ids = {0};
    int found = read_back(file, n, job, key, &ids);
    if (found) {
        check_ids(job, &ids);
        tern_buffer again = written(job, key, &ids);
        TERN_CHECK(same(&again, file, n), "written again it is another file");
        free(again.data);
    }
    int is_right = same(right, file, n);
    TERN_CHECK(found || !is_right, "what was written is refused");
    TERN_CHECK(!found || is_right || job->n >= ALL_LOOKED_AT, "read, but not what is written for these %lld texts",
               (long long)job->n);
    tern_ids_free(&ids);
}

static void run(const tern_token_texts *job, int forged, const uint8_t *bytes, size_t n)
{
    tern_ids ids = {0};
    uint64_t key = tern_token_cache_key(job);
    tern_tokenizer_encode_all(job->tokenizer, job->prompt, job->texts, job->lengths, job->n, job->max_length, &ids);
    tern_buffer right = written(job, key, &ids);
    check_read(job, (const uint8_t *)right.data, right.n, &right, key);
    uint8_t *file = tern_alloc(n, 1);
    head h;
    memcpy(&h, right.data, sizeof h);
    if (n)
        memcpy(file, bytes, n);
    if (forged)
        forge(file, n, &h);
    check_read(job, file, n, &right, key);
    free(file);
    free(right.data);
    tern_ids_free(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    tern_error error = {{0}};
    const char *texts[MOST_TEXTS];
    size_t lengths[MOST_TEXTS];
    if (n < 2)
        return 0;
    int64_t n_texts = bytes[1] < 0xF0 ? 1 + bytes[1] % 6 : MOST_TEXTS - bytes[1] % 16;
    for (int64_t i = 0; i < n_texts; i++) {
        texts[i] = known_texts[(bytes[1] / 6 + i) % N_KNOWN];
        lengths[i] = strlen(texts[i]);
    }
    tern_tokenizer *t = tern_tokenizer_of_vocab(vocabulary, strlen(vocabulary), "vocab.txt", 1, &error);
    TERN_CHECK(t, "%s", error.message);
    tern_token_texts job = {t, 7, bytes[0] & 64 ? "cat: " : NULL, bytes[0] % 16, texts, lengths, n_texts};
    run(&job, bytes[0] & 128, bytes + 2, n - 2);
    tern_tokenizer_free(t);
    return 0;
}

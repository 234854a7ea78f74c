#include "checkpoints/state_child.h"

#include "base/memory.h"
#include "checkpoints/fault.h"
#include "checkpoints/state_items.h"
#include "checkpoints/state_seal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* AddressSanitizer's shadow takes terabytes of addresses. */
#ifdef __has_feature
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
enum { LIMIT_ADDRESSES = 0 };
#else
enum { LIMIT_ADDRESSES = 1 };
#endif

enum { SECONDS = 10, MEMORY = 1 << 28, DEEPEST = 16 };

/* What has been found so far. */
typedef struct walk {
    int64_t size; /* of the file */
    tern_buffer rows;
    haddr_t *seen; /* where the objects are */
    size_t n_seen, capacity;
    char path[TERN_STATE_LONGEST_NAME + 1]; /* of the group that is looked through, with a slash at the end */
    int depth;
    tern_error error; /* why it is refused; empty: libhdf5 failed */
} walk;

static void set_limit(int resource, rlim_t most)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0)
        return;
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > most)
        limit.rlim_max = most;
    if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > limit.rlim_max)
        limit.rlim_cur = limit.rlim_max;
    setrlimit(resource, &limit);
}

/* What the process has now, and MEMORY more. */
static void limit_memory(void)
{
    char text[64] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
        set_limit(RLIMIT_AS, (rlim_t)strtoull(text, NULL, 10) * (rlim_t)sysconf(_SC_PAGESIZE) + MEMORY);
    if (fd >= 0)
        close(fd);
}

/* The parent's handlers are not the child's, and what libhdf5 or the allocator print before they abort is nobody's. A
 * stop is the parent's to honour; the child, which lives for some milliseconds, dies with it. */
static void isolate(pid_t parent)
{
    static const int deadly[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU, SIGXFSZ, SIGPIPE};
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++)
        signal(deadly[i], SIG_DFL);
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
    }
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_FSIZE, 0);
    set_limit(RLIMIT_CPU, SECONDS);
    if (LIMIT_ADDRESSES)
        limit_memory();
}

static int refuse(walk *w, const char *name, const char *why)
{
    return tern_fail(&w->error, "its item %s%s %s, which is not as tern writes it; it is no training state of tern",
                     w->path, name, why);
}

/* The kind of a type, of exactly the bytes that tern writes. */
static int kind_of(hid_t type, tern_state_row *row)
{
    if (H5Tget_class(type) == H5T_STRING) {
        row->kind = TERN_STATE_STRING;
        return H5Tis_variable_str(type) == 0 && H5Tget_strpad(type) == H5T_STR_NULLTERM ? 0 : -1;
    }
    row->kind = H5Tequal(type, H5T_IEEE_F32LE) > 0   ? TERN_STATE_FLOAT
                : H5Tequal(type, H5T_STD_I64LE) > 0  ? TERN_STATE_INT64
                : H5Tequal(type, H5T_IEEE_F64LE) > 0 ? TERN_STATE_DOUBLE
                                                     : -1;
    return row->kind < 0 ? -1 : 0;
}

/* Rank, shape and bytes. A text is one; numbers are in an array. */
static int measure(walk *w, const char *name, hid_t type, hid_t space, tern_state_row *row)
{
    hsize_t dims[2] = {0}, bytes = H5Tget_size(type);
    int is_text = row->kind == TERN_STATE_STRING, rank = H5Sget_simple_extent_ndims(space);
    H5S_class_t form = H5Sget_simple_extent_type(space);
    if (is_text ? form != H5S_SCALAR : form != H5S_SIMPLE || rank < 1 || rank > 2)
        return refuse(w, name, is_text ? "is a list of texts" : "is neither a list nor a matrix");
    if (!is_text && H5Sget_simple_extent_dims(space, dims, NULL) != rank)
        return -1;
    row->rank = is_text ? 0 : rank;
    for (int i = 0; i < row->rank; i++) {
        if (dims[i] > 0 && bytes > (hsize_t)w->size / dims[i])
            return refuse(w, name, "is longer than the file");
        bytes *= dims[i];
        row->shape[i] = (int64_t)dims[i];
    }
    if (bytes > (hsize_t)w->size)
        return refuse(w, name, "is longer than the file");
    row->bytes = (int64_t)bytes;
    return 0;
}

/* Where the values are: in one piece, as they are, in this file. */
static int locate(walk *w, const char *name, hid_t set, tern_state_row *row)
{
    hid_t create = H5Dget_create_plist(set);
    int plain = create >= 0 && H5Pget_layout(create) == H5D_CONTIGUOUS && H5Pget_nfilters(create) == 0;
    int external = create >= 0 && H5Pget_external_count(create) != 0;
    if (create >= 0)
        H5Pclose(create);
    if (external)
        return refuse(w, name, "lies in another file");
    if (!plain)
        return refuse(w, name, "is stored in pieces or packed");
    haddr_t offset = H5Dget_offset(set); /* where there is none, HADDR_UNDEF with the user block added to it */
    if (row->bytes > 0 && (offset < TERN_STATE_USER_BLOCK || offset > (haddr_t)(w->size - row->bytes)))
        return refuse(w, name, "has no values in the file");
    row->offset = row->bytes > 0 ? (int64_t)offset : 0;
    return 0;
}

static int describe(walk *w, const char *name, hid_t set, tern_state_row *row)
{
    hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    int status = -1;
    if (type >= 0 && space >= 0) {
        status = kind_of(type, row) < 0 ? refuse(w, name, "is of another type than float32, float64, int64 and text")
                                        : measure(w, name, type, space, row);
        if (status == 0)
            status = locate(w, name, set, row);
    }
    H5Tclose(type);
    H5Sclose(space);
    return status;
}

static int add_item(walk *w, const char *name, hid_t set)
{
    tern_state_row row = {0};
    if (describe(w, name, set, &row) < 0)
        return -1;
    size_t above = strlen(w->path), own = strlen(name);
    row.name_length = (uint32_t)(above + own);
    tern_buffer_add(&w->rows, &row, sizeof row);
    tern_buffer_add(&w->rows, w->path, above);
    tern_buffer_add(&w->rows, name, own);
    return 0;
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *link, void *context);

static int look_through(walk *w, hid_t group)
{
    return H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit, w) < 0 ? -1 : 0;
}

static int enter(walk *w, const char *name, hid_t group)
{
    size_t above = strlen(w->path), own = strlen(name);
    if (++w->depth > DEEPEST)
        return refuse(w, name, "lies too deep");
    memcpy(w->path + above, name, own);
    memcpy(w->path + above + own, "/", 2);
    int status = look_through(w, group);
    w->path[above] = 0;
    w->depth--;
    return status;
}

static int note_place(walk *w, const char *name, hid_t object)
{
    H5O_info_t info;
    if (H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0)
        return -1;
    if (w->n_seen >= TERN_STATE_MOST_OBJECTS)
        return refuse(w, name, "is one of too many");
    TERN_GROW(w->seen, w->n_seen, w->capacity);
    w->seen[w->n_seen++] = info.addr;
    return 0;
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *link, void *context)
{
    walk *w = context;
    if (strlen(w->path) + strlen(name) + 1 >= TERN_STATE_LONGEST_NAME)
        return tern_fail(&w->error, "it holds a name that is too long; it is no training state of tern");
    if (link->type != H5L_TYPE_HARD)
        return refuse(w, name, "is a link to somewhere else");
    hid_t object = H5Oopen(group, name, H5P_DEFAULT);
    if (object < 0)
        return -1;
    H5I_type_t type = H5Iget_type(object);
    int status = note_place(w, name, object);
    if (status == 0)
        status = type == H5I_DATASET ? add_item(w, name, object)
                 : type == H5I_GROUP ? enter(w, name, object)
                                     : refuse(w, name, "is neither a group nor a set of values");
    H5Oclose(object);
    return status;
}

static int by_address(const void *a, const void *b)
{
    haddr_t x = *(const haddr_t *)a, y = *(const haddr_t *)b;
    return (x > y) - (x < y);
}

/* A group inside itself, or one set of values under two names. */
static int check_once(walk *w)
{
    qsort(w->seen, w->n_seen, sizeof *w->seen, by_address);
    for (size_t i = 1; i < w->n_seen; i++)
        if (w->seen[i] == w->seen[i - 1])
            return tern_fail(&w->error, "it holds one item under two names; it is no training state of tern");
    return 0;
}

/* The very file that was verified, where /proc tells of it; else what has its name now. */
static int list(walk *w, int fd, const char *name)
{
    char same[40];
    snprintf(same, sizeof same, "/proc/self/fd/%d", fd);
    const char *path = access(same, R_OK) == 0 ? same : name;
    tern_state_start_hdf5();
    hid_t how = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(how, 0, 1);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, how), root = file < 0 ? -1 : H5Gopen2(file, "/", H5P_DEFAULT);
    int status = root < 0 ? -1 : note_place(w, "", root);
    if (status == 0)
        status = look_through(w, root);
    return status == 0 ? check_once(w) : -1;
}

static void write_all(int out, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t put = write(out, p, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            _exit(1);
        p += put;
        n -= (size_t)put;
    }
}

_Noreturn void tern_state_child(int fd, const char *path, int64_t size, int out, pid_t parent)
{
    walk w = {.size = size};
    isolate(parent);
    tern_fault("index");
    int refused = list(&w, fd, path) < 0;
    if (refused && !w.error.message[0])
        tern_fail(&w.error, "libhdf5 can't read it; it is damaged, remove it");
    size_t n = refused ? strlen(w.error.message) : w.rows.n;
    tern_state_answer head = {.refused = refused, .length = (uint32_t)n};
    write_all(out, &head, sizeof head);
    write_all(out, refused ? w.error.message : w.rows.data, n);
    _exit(0);
}

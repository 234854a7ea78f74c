/* The program: one table of commands. A new command is a file cmd_<name>.c, a row here, a page in docs/cli.md and a
 * test. Results go to stdout, all else to stderr; 0 done, 1 failed, 2 wrong usage, 130, 143 or 129 stopped by
 * Ctrl-C, SIGTERM or SIGHUP. */
#include "cli/command.h"
#include "cli/help.h"
#include "cli/stored.h"

#include "base/map_guard.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "recipes/recipe.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct row {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} row;

static const row commands[] = {
    {"train", tern_cmd_train, "fine-tune or train a model from a recipe; the same command resumes"},
    {"eval", tern_cmd_eval, "score a model on a test set"},
    {"mine", tern_cmd_mine, "hard negatives for a recipe's rows, and an audit of them"},
    {"search", tern_cmd_search, "type a query, see the nearest rows of a file"},
    {"encode", tern_cmd_encode, "texts to vectors"},
    {"tokenize", tern_cmd_tokenize, "texts to token ids"},
    {"data", tern_cmd_data, "make and check data sets"},
    {"export", tern_cmd_export, "hand a model to other tools"},
    {"info", tern_cmd_info, "what a model, checkpoint, data set, recipe or result holds"},
    {"selftest", tern_cmd_selftest, "check gradients and kernels on this machine"},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands, MOST_HELP_WORDS = 3 };

static void print_overview(void)
{
    tern_help_example("tern train recipes/quickstart.yaml\n"
                      "tern eval sentence-transformers/all-MiniLM-L6-v2 data/scifact --split test");
    tern_help_text("tern trains, fine-tunes and evaluates text-embedding models.");
    puts("\nCommands:");
    for (int i = 0; i < N_COMMANDS; i++)
        tern_help_row(commands[i].name, commands[i].help);
    putchar('\n');
    tern_help_text(
        "tern COMMAND --help shows a command's flags. Of recipes: tern help losses lists the losses, tern help "
        "recipe-keys all keys, tern help train.batch_size shows one.");
}

static const row *find_command(const char *name)
{
    for (int i = 0; i < N_COMMANDS; i++)
        if (!strcmp(name, commands[i].name))
            return &commands[i];
    return NULL;
}

static const char *const *command_names(void)
{
    static const char *names[N_COMMANDS];
    for (int i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i].name;
    return names;
}

static int unknown_command(const char *name)
{
    const char *near = tern_nearest(name, command_names(), N_COMMANDS);
    tern_error error = {{0}};
    if (near)
        tern_fail(&error, "there is no command \"%s\"; did you mean %s?", name, near);
    else
        tern_fail(&error, "there is no command \"%s\"; tern --help lists them", name);
    tern_command_fail(&error);
    return TERN_EXIT_USAGE;
}

static int unknown_topic(const char *name)
{
    char *near = tern_help_near(name, command_names(), N_COMMANDS);
    tern_error error = {{0}};
    if (near)
        tern_fail(&error, "there is no command, loss or key \"%s\"; did you mean tern help %s?", name, near);
    else
        tern_fail(&error,
                  "there is no command, loss or key \"%s\"; tern --help lists commands, tern help losses losses and "
                  "tern help recipe-keys keys",
                  name);
    free(near);
    tern_command_fail(&error);
    return TERN_EXIT_USAGE;
}

static int run_help(int argc, char **argv)
{
    if (argc < 2) {
        print_overview();
        return TERN_EXIT_DONE;
    }
    if (!strcmp(argv[1], "recipe-keys")) {
        tern_recipe_reference(stdout);
        return TERN_EXIT_DONE;
    }
    const row *command = find_command(argv[1]);
    if (!command)
        return tern_help_topic(argv[1]) ? TERN_EXIT_DONE : unknown_topic(argv[1]);
    /* tern help data wordnet is tern data wordnet --help. */
    char help[] = "--help", *words[MOST_HELP_WORDS + 2];
    int n = argc - 1 < MOST_HELP_WORDS ? argc - 1 : MOST_HELP_WORDS;
    memcpy(words, argv + 1, (size_t)n * sizeof *words);
    words[n] = help;
    words[n + 1] = NULL;
    return command->run(n + 1, words);
}

static int run(int argc, char **argv)
{
    const char *name = argc > 0 ? argv[0] : "help";
    if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h"))
        return run_help(argc, argv);
    if (!strcmp(name, "--version")) {
        printf("tern %s\n", TERN_VERSION);
        return TERN_EXIT_DONE;
    }
    const row *command = find_command(name);
    tern_error error = {{0}};
    if (!command)
        return unknown_command(name);
    if (tern_command_stored_check(&error) < 0) {
        tern_command_fail(&error);
        return TERN_EXIT_USAGE;
    }
    return command->run(argc, argv);
}

/* A file opened later must not become descriptor 1 and receive what is meant for a closed stdout. The mode is the
 * wrong one on purpose, so that writing still fails and is said. */
static void occupy_standard_files(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            _exit(TERN_EXIT_FAILED);
}

/* What says how threads wait, to gcc's OpenMP library or to clang's. */
static int user_says_how_to_wait(void)
{
    static const char *const names[] = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME", "KMP_LIBRARY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (getenv(names[i]))
            return 1;
    return 0;
}

static int blas_has_one_thread(void)
{
    const char *n = getenv("OPENBLAS_NUM_THREADS");
    return n && n[0] == '1' && n[1] == 0;
}

/* Not when the dynamic loader was the program that was started: it would take our first argument for a program; nor
 * when tern is a script's interpreter and the script's name is what was started; nor under valgrind, which would not
 * follow. */
static int may_start_again(void)
{
    const char *preload = getenv("LD_PRELOAD"), *name = (const char *)getauxval(AT_EXECFN);
    struct stat named, running;
    return getauxval(AT_BASE) != 0 && !(preload && strstr(preload, "vgpreload")) && name && stat(name, &named) == 0 &&
           stat("/proc/self/exe", &running) == 0 && named.st_dev == running.st_dev && named.st_ino == running.st_ino;
}

/* The libraries are mapped and none has begun; some of them end the process in ways of their own when they have no
 * memory to begin with, or try without end. */
static void need_room_for_libraries(void)
{
    enum { ROOM = 12 << 20 };
    static const char text[] =
        "tern: out of memory: the limit of memory leaves less than 12 MB to begin with; raise it "
        "(ulimit -v, ulimit -d)\n";
    void *p = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        ssize_t said = write(STDERR_FILENO, text, sizeof text - 1);
        (void)said;
        _exit(TERN_EXIT_FAILED);
    }
    munmap(p, ROOM);
}

/* Threads that wait for their next tile sleep rather than spin, unless the user says otherwise: on a machine that does
 * other work too, spinning takes the very processors that the others' tiles need (a quarter of the speed was left
 * beside three busy processes); alone, it gains a few per cent at most. And OpenBLAS, which is called from many
 * threads, each for itself, starts none of its own: where they can't be had it would never get over it.
 *
 * Both libraries read their environment while they are loaded, OpenMP's only what the process was started with; nothing
 * later can change how it waits. So the program is started once more in the same process, with the variables set,
 * before any library has begun. That takes 5 ms (tern --version: 11 instead of 6). When it can't be, threads spin.
 *
 * By its file's name and not by /proc/self/exe, which would call the process "exe". */
static void set_up_libraries(int argc, char **argv, char **envp)
{
    (void)argc;
    environ = envp; /* libc sets it only after this function */
    int as_wanted = user_says_how_to_wait() && blas_has_one_thread();
    /* Once the variables are set, there is no third time. */
    if (!as_wanted && may_start_again() && (user_says_how_to_wait() || setenv("OMP_WAIT_POLICY", "passive", 1) == 0) &&
        setenv("OPENBLAS_NUM_THREADS", "1", 1) == 0)
        execve((const char *)getauxval(AT_EXECFN), argv, environ);
    need_room_for_libraries();
}
__attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(int, char **,
                                                                                       char **) = set_up_libraries;

/* The stack grows as it is used, and where that would pass the limit of memory the process is killed: what commands
 * need of it is taken while there is some. */
__attribute__((noinline)) static void take_stack(void)
{
    enum { DEPTH = 1 << 20 };
    volatile char deep[DEPTH];
    deep[0] = 0;
    (void)deep[0];
}

/* For jansson, which would say of good JSON that it is bad. */
static void *allocate(size_t n)
{
    return tern_alloc(n, 1);
}

int main(int argc, char **argv)
{
    occupy_standard_files();
    take_stack();
    json_set_alloc_funcs(allocate, free);
    /* A reader that goes away never ends a training run half-way: tern_command_end sees it when all is written. */
    signal(SIGPIPE, SIG_IGN);
    /* Likewise a file that grows beyond what ulimit -f allows: half-written files are removed. */
    signal(SIGXFSZ, SIG_IGN);
    tern_map_guard();
    return tern_command_end(run(argc - 1, argv + 1));
}

/*
 * A disk that misbehaves, for one process: loaded before the C library (LD_PRELOAD), it stands in front of the calls
 * that write below one folder. It is steered from outside through a small file that both sides map.
 *
 *   DISK_ROOT      the folder; everything outside is left alone
 *   DISK_CONTROL   the file of 32-bit numbers: see enum below
 *   DISK_SHADOW    if set, a folder in which it is noted what has become durable: the content of a file when the file is
 *                  synced, the entries of a folder when the folder is synced. Nothing else counts, as POSIX has it. What
 *                  is there at the first start counts as durable.
 *
 * Files are known by inode and time of birth. Calls that go to the kernel past the C library are not seen, and bytes
 * written through a mapping are noted at the next sync of their file; SQLite writes only its index of the log so, which is
 * made anew after a loss.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FULL, READ_ONLY, SYNC_FAILS, DELAY_MS, STRUCK, SYNCS, WORDS };

static char root[PATH_MAX];
static size_t root_length;
static char shadow[PATH_MAX];
static _Atomic int32_t *control;
static pthread_mutex_t noting = PTHREAD_MUTEX_INITIALIZER;

/* What is known of a descriptor: nothing, below the root, elsewhere. */
enum { UNKNOWN, BELOW, ELSEWHERE, DESCRIPTORS = 65536 };
static _Atomic unsigned char known[DESCRIPTORS];

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int real_open(const char *path, int flags, mode_t mode)
{
    REAL(open);
    return real(path, flags, mode);
}

static ssize_t real_write(int fd, const void *bytes, size_t count)
{
    REAL(write);
    return real(fd, bytes, count);
}

static int real_close(int fd)
{
    REAL(close);
    return real(fd);
}

static int real_rename(const char *from, const char *to)
{
    REAL(rename);
    return real(from, to);
}

static int is_below(const char *path)
{
    return root_length && strncmp(path, root, root_length) == 0 &&
           (path[root_length] == '/' || path[root_length] == 0);
}

static int path_of(int fd, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return 1;
}

static int fd_is_below(int fd)
{
    if (!root_length || fd < 0 || fd >= DESCRIPTORS)
        return 0;
    if (known[fd] == UNKNOWN) {
        char path[PATH_MAX];
        int before = errno;
        known[fd] = path_of(fd, path) && is_below(path) ? BELOW : ELSEWHERE;
        errno = before;
    }
    return known[fd] == BELOW;
}

/* Whether a path, relative to an open folder or not, is below the root. */
static int at_is_below(int folder, const char *path)
{
    char base[PATH_MAX];
    if (path[0] == '/')
        return is_below(path);
    if (folder == AT_FDCWD)
        return getcwd(base, sizeof base) && is_below(base);
    return path_of(folder, base) && is_below(base);
}

static int32_t told(int word)
{
    return control ? atomic_load(&control[word]) : 0;
}

static void wait_as_told(void)
{
    int32_t ms = told(DELAY_MS);
    if (ms > 0) {
        struct timespec span = {ms / 1000, (long)(ms % 1000) * 1000000};
        int before = errno;
        atomic_fetch_add(&control[STRUCK], 1);
        nanosleep(&span, NULL);
        errno = before;
    }
}

/* The error with which a change has to fail now, if any. What only removes needs no space. */
static int change_fails(int needs_space)
{
    int error = told(READ_ONLY) ? EROFS : needs_space && told(FULL) ? ENOSPC : 0;
    if (error) {
        atomic_fetch_add(&control[STRUCK], 1);
        errno = error;
    }
    return error;
}

/* Noting what is durable. */

static int key_of(int fd, const char *path, char *key)
{
    struct statx found;
    int failed = path ? statx(fd, path, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &found)
                      : statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &found);
    if (failed)
        return 0;
    snprintf(key, 64, "%llu-%lld.%u", (unsigned long long)found.stx_ino, (long long)found.stx_btime.tv_sec,
             found.stx_btime.tv_nsec);
    return 1;
}

static void give_up(const char *why)
{
    dprintf(2, "misbehaving_disk: %s: %s\n", why, strerror(errno));
    abort();
}

static void write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = real_write(fd, bytes, count);
        if (written <= 0)
            give_up("the shadow cannot be written");
        bytes += written;
        count -= (size_t)written;
    }
}

static int new_note(char *fresh)
{
    snprintf(fresh, PATH_MAX, "%s/fresh", shadow);
    int note = real_open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (note < 0)
        give_up("a note cannot be made");
    return note;
}

static void keep_note(int note, const char *fresh, const char *key)
{
    char place[PATH_MAX + 80];
    real_close(note);
    snprintf(place, sizeof place, "%s/%s", shadow, key);
    /* At once or not at all: the process may be killed between any two calls. */
    if (real_rename(fresh, place))
        give_up("a note cannot be kept");
}

static void note_file(int fd)
{
    char key[64], fresh[PATH_MAX];
    static char buffer[1 << 16];
    ssize_t length;
    off_t offset = 0;
    if (!key_of(fd, NULL, key))
        return;
    /* The descriptor may be for writing only. */
    char again[64];
    snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
    int source = real_open(again, O_RDONLY | O_CLOEXEC, 0);
    if (source < 0)
        give_up("a file cannot be read");
    int note = new_note(fresh);
    while ((length = pread(source, buffer, sizeof buffer, offset)) > 0) {
        write_all(note, buffer, (size_t)length);
        offset += length;
    }
    real_close(source);
    keep_note(note, fresh, key);
}

static void note_folder(int fd)
{
    char key[64], child[64], fresh[PATH_MAX], line[NAME_MAX + 80];
    if (!key_of(fd, NULL, key))
        return;
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = again < 0 ? NULL : fdopendir(again);
    if (!folder)
        give_up("a folder cannot be read");
    int note = new_note(fresh);
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        /* Gone since the folder was read. */
        if (!key_of(dirfd(folder), entry->d_name, child))
            continue;
        int length = snprintf(line, sizeof line, "%c %s %s\n", entry->d_type == DT_DIR ? 'd' : 'f', child, entry->d_name);
        write_all(note, line, (size_t)length);
    }
    closedir(folder);
    keep_note(note, fresh, key);
}

static void note(int fd)
{
    struct stat found;
    int before = errno;
    if (shadow[0] && !fstat(fd, &found)) {
        pthread_mutex_lock(&noting);
        if (S_ISDIR(found.st_mode))
            note_folder(fd);
        else if (S_ISREG(found.st_mode))
            note_file(fd);
        pthread_mutex_unlock(&noting);
    }
    errno = before;
}

static void note_all_below(int folder)
{
    DIR *listing = fdopendir(folder);
    struct dirent *entry;
    if (!listing)
        return;
    note(folder);
    while ((entry = readdir(listing))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        int child = openat(folder, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (child >= 0 && entry->d_type == DT_DIR)
            note_all_below(child);
        else if (child >= 0) {
            note(child);
            real_close(child);
        }
    }
    closedir(listing);
}

__attribute__((constructor)) static void begin(void)
{
    const char *folder = getenv("DISK_ROOT"), *steering = getenv("DISK_CONTROL"), *notes = getenv("DISK_SHADOW");
    if (!folder || !steering)
        return;
    int file = real_open(steering, O_RDWR | O_CLOEXEC, 0);
    void *words = file < 0 ? MAP_FAILED : mmap(NULL, WORDS * 4, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (words == MAP_FAILED)
        give_up("the control file cannot be mapped");
    real_close(file);
    if (notes) {
        char first[PATH_MAX + 8], key[64];
        snprintf(shadow, sizeof shadow, "%s", notes);
        snprintf(first, sizeof first, "%s/root", shadow);
        int top = real_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        if (top < 0 || !key_of(top, NULL, key))
            give_up("the root cannot be opened");
        if (access(first, F_OK)) {
            note_all_below(top);
            char fresh[PATH_MAX];
            int name = new_note(fresh);
            write_all(name, key, strlen(key));
            keep_note(name, fresh, "root");
        } else {
            real_close(top);
        }
    }
    control = words;
    snprintf(root, sizeof root, "%s", folder);
    root_length = strlen(root);
}

/* The calls. */

static int open_fails(int folder, const char *path, int flags)
{
    if (!control || !at_is_below(folder, path))
        return 0;
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    if (writes && told(READ_ONLY))
        return change_fails(0);
    return (flags & O_CREAT) && told(FULL) && faccessat(folder, path, F_OK, 0) ? change_fails(1) : 0;
}

#define OPEN(name, parameters, folder, ...) \
    int name parameters \
    { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        return open_fails(folder, path, flags) ? -1 : real(__VA_ARGS__, flags, mode); \
    }
OPEN(open, (const char *path, int flags, ...), AT_FDCWD, path)
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, path)
OPEN(openat, (int at, const char *path, int flags, ...), at, at, path)
OPEN(openat64, (int at, const char *path, int flags, ...), at, at, path)

int close(int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        known[fd] = UNKNOWN;
    return real_close(fd);
}

#define WRITE(name, result, parameters, ...) \
    result name parameters \
    { \
        REAL(name); \
        if (fd_is_below(fd)) { \
            wait_as_told(); \
            if (change_fails(1)) \
                return -1; \
        } \
        return real(__VA_ARGS__); \
    }
WRITE(write, ssize_t, (int fd, const void *bytes, size_t count), fd, bytes, count)
WRITE(pwrite, ssize_t, (int fd, const void *bytes, size_t count, off_t offset), fd, bytes, count, offset)
WRITE(pwrite64, ssize_t, (int fd, const void *bytes, size_t count, off64_t offset), fd, bytes, count, offset)
WRITE(writev, ssize_t, (int fd, const struct iovec *parts, int count), fd, parts, count)
WRITE(pwritev, ssize_t, (int fd, const struct iovec *parts, int count, off_t offset), fd, parts, count, offset)
WRITE(pwritev64, ssize_t, (int fd, const struct iovec *parts, int count, off64_t offset), fd, parts, count, offset)
WRITE(fallocate, int, (int fd, int mode, off_t offset, off_t length), fd, mode, offset, length)
WRITE(fallocate64, int, (int fd, int mode, off64_t offset, off64_t length), fd, mode, offset, length)

static int truncate_fails(int fd, off64_t length)
{
    struct stat found;
    return fd_is_below(fd) && change_fails(!fstat(fd, &found) && length > found.st_size);
}

int ftruncate(int fd, off_t length)
{
    REAL(ftruncate);
    return truncate_fails(fd, length) ? -1 : real(fd, length);
}

int ftruncate64(int fd, off64_t length)
{
    REAL(ftruncate64);
    return truncate_fails(fd, length) ? -1 : real(fd, length);
}

ssize_t copy_file_range(int from, off64_t *from_offset, int fd, off64_t *offset, size_t count, unsigned flags)
{
    REAL(copy_file_range);
    return fd_is_below(fd) && change_fails(1) ? -1 : real(from, from_offset, fd, offset, count, flags);
}

static int sync_fails(int fd)
{
    if (!fd_is_below(fd))
        return 0;
    wait_as_told();
    atomic_fetch_add(&control[SYNCS], 1);
    if (!told(SYNC_FAILS))
        return 0;
    atomic_fetch_add(&control[STRUCK], 1);
    errno = EIO;
    return 1;
}

#define SYNC(name) \
    int name(int fd) \
    { \
        REAL(name); \
        if (sync_fails(fd)) \
            return -1; \
        if (!shadow[0] || !fd_is_below(fd)) \
            return real(fd); \
        /* The note stands for the disk: nothing survives but what is noted. */ \
        note(fd); \
        return 0; \
    }
SYNC(fsync)
SYNC(fdatasync)

#define CHANGE(name, parameters, folder, path, needs_space, ...) \
    int name parameters \
    { \
        REAL(name); \
        if (control && at_is_below(folder, path) && change_fails(needs_space)) \
            return -1; \
        return real(__VA_ARGS__); \
    }
CHANGE(mkdir, (const char *path, mode_t mode), AT_FDCWD, path, 1, path, mode)
CHANGE(mkdirat, (int at, const char *path, mode_t mode), at, path, 1, at, path, mode)
CHANGE(rename, (const char *from, const char *to), AT_FDCWD, to, 0, from, to)
CHANGE(renameat, (int from_at, const char *from, int at, const char *to), at, to, 0, from_at, from, at, to)
CHANGE(renameat2, (int from_at, const char *from, int at, const char *to, unsigned flags), at, to, 0, from_at, from, at, to, flags)
CHANGE(link, (const char *from, const char *to), AT_FDCWD, to, 1, from, to)
CHANGE(linkat, (int from_at, const char *from, int at, const char *to, int flags), at, to, 1, from_at, from, at, to, flags)
CHANGE(unlink, (const char *path), AT_FDCWD, path, 0, path)
CHANGE(unlinkat, (int at, const char *path, int flags), at, path, 0, at, path, flags)
CHANGE(rmdir, (const char *path), AT_FDCWD, path, 0, path)

// The private key's file: load_private_key(), save_private_key().
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <span>
#include <utility>

#include "netft/control/identity.hpp"

namespace netft::control {

namespace {

// More than a key and its newline, so that a longer file shows.
constexpr std::size_t kKeyFileBytesMax = 128;

class File {
 public:
    explicit File(int fd) : fd_(fd) {}
    ~File() { close(); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return fd_; }
    // Gives the errno of close(2), which may report a failed write; 0: well.
    int close() {
        int fd = std::exchange(fd_, -1);
        return fd >= 0 && ::close(fd) != 0 ? errno : 0;
    }

 private:
    int fd_;
};

Status check_mode(const std::string& path, int fd) {
    struct stat info {};
    if (fstat(fd, &info) != 0) return fail_errno(path, errno);
    if (!S_ISREG(info.st_mode)) return fail(path + ": not a plain file");
    if ((info.st_mode & 077) == 0) return {};
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", info.st_mode & 07777u);
    return fail(path + ": others than its owner have access to this private key (mode " + mode +
                "); run: chmod 0600 " + path);
}

// Up to the buffer's size; short reads are gone on with.
Result<std::size_t> read_all(const std::string& path, int fd, std::span<char> out) {
    std::size_t used = 0;
    while (used < out.size()) {
        ssize_t n = ::read(fd, out.data() + used, out.size() - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(path, errno);
        if (n == 0) break;
        used += static_cast<std::size_t>(n);
    }
    return used;
}

Status write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("write", errno);
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    if (fsync(fd) != 0) return fail_errno("fsync", errno);
    return {};
}

// The new name in the folder is lost in a power cut otherwise. Where the folder cannot be synced
// the key is still there now, so this is no error.
void sync_folder(const std::string& path) {
    std::filesystem::path folder = std::filesystem::path(path).parent_path();
    File handle(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (handle.fd() >= 0) (void)fsync(handle.fd());
}

std::string_view without_newline(std::string_view text) {
    while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

}  // namespace

Result<PrivateKey> load_private_key(const std::string& path) {
    // O_NONBLOCK: a FIFO of this name must not hang us.
    File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (file.fd() < 0) return fail_errno(path, errno);
    if (auto checked = check_mode(path, file.fd()); !checked)
        return tl::unexpected(checked.error());
    std::array<char, kKeyFileBytesMax> buffer{};
    auto size = read_all(path, file.fd(), buffer);
    Result<PrivateKey> key =
        size ? PrivateKey::parse(without_newline({buffer.data(), *size})) : fail("");
    OPENSSL_cleanse(buffer.data(), buffer.size());
    if (!size) return tl::unexpected(size.error());
    if (!key) return with_context(path, key.error());
    return key;
}

Status save_private_key(const std::string& path, const PrivateKey& key) {
    File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0600));
    if (file.fd() < 0 && errno == EEXIST)
        return fail(path + ": exists already, and a key is never overwritten", EEXIST);
    if (file.fd() < 0) return fail_errno(path, errno);
    std::string line = key.to_text() + "\n";
    Status written = write_all(file.fd(), line);
    wipe(line);
    if (int error = file.close(); error != 0 && written) written = fail_errno("close", error);
    if (!written) {
        (void)unlink(path.c_str());  // half a key is none
        return with_context(path, written.error());
    }
    sync_folder(path);
    return {};
}

}  // namespace netft::control

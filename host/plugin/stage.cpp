#include "plugin/stage.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/digest.hpp"
#include "base/names.hpp"
#include "plugin/plugin_file.hpp"
#include "plugin/stage_copy.hpp"
#include "plugin/text.hpp"

namespace noa::plugin {

namespace {

constexpr std::size_t digest_digits = 12;

Result<void> check_directory(int fd, const std::string& name) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        return fail_errno("open stage directory", name, errno);
    }
    if (status.st_uid != ::geteuid()) {
        return fail(Errc::denied, "open stage directory", name,
                    differs("owner", std::to_string(::geteuid()), std::to_string(status.st_uid)));
    }
    if ((status.st_mode & 0077U) != 0 && ::fchmod(fd, 0700) != 0) {
        return fail_errno("open stage directory", name, errno);
    }
    struct statvfs mount {};
    if (::fstatvfs(fd, &mount) != 0) {
        return fail_errno("open stage directory", name, errno);
    }
    if ((mount.f_flag & ST_NOEXEC) != 0) {
        return fail(Errc::refused, "open stage directory", name,
                    differs("mount", "exec", "noexec: nothing in it can be loaded"),
                    "move the state directory, or mount it with exec");
    }
    return {};
}

// Only names that this class gives: a mistaken path must not cost anybody's files.
void remove_leftovers(const std::filesystem::path& directory) {
    std::error_code code;
    std::filesystem::directory_iterator entries(directory, code);
    for (; !code && entries != std::filesystem::directory_iterator(); entries.increment(code)) {
        const auto& path = entries->path();
        std::error_code ignored;
        if ((path.extension() == ".so" || path.extension() == ".part") &&
            !std::filesystem::is_directory(entries->symlink_status(ignored))) {
            std::filesystem::remove(path, ignored);
        }
    }
}

// Unlinks a half-made copy unless it was given its name.
class PartFile {
public:
    explicit PartFile(std::filesystem::path path) : path_(std::move(path)) {}
    PartFile(const PartFile&) = delete;
    PartFile& operator=(const PartFile&) = delete;
    ~PartFile() {
        if (!path_.empty()) {
            ::unlink(path_.c_str());
        }
    }
    [[nodiscard]] bool rename_to(const std::filesystem::path& target) {
        if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) != 0) {
            return false;
        }
        path_.clear();
        return true;
    }

private:
    std::filesystem::path path_;
};

} // namespace

StageDir::StageDir(std::filesystem::path directory) : directory_(std::move(directory)) {}

StageDir::StageDir(StageDir&& other) noexcept
    : directory_(std::move(other.directory_)), serial_(other.serial_.load()) {}

StageDir& StageDir::operator=(StageDir&& other) noexcept {
    directory_ = std::move(other.directory_);
    serial_ = other.serial_.load();
    return *this;
}

Result<StageDir> StageDir::open(const std::filesystem::path& directory) {
    std::error_code code;
    const auto absolute = std::filesystem::absolute(directory, code);
    if (code) {
        return fail_errno("open stage directory", directory.string(), code.value());
    }
    std::filesystem::create_directories(absolute.parent_path(), code);
    if (::mkdir(absolute.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_errno("open stage directory", absolute.string(), errno);
    }
    const UniqueFd fd(::open(absolute.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) {
        return fail_errno("open stage directory", absolute.string(), errno);
    }
    if (auto checked = check_directory(fd.get(), absolute.string()); !checked) {
        return Failure(checked.error());
    }
    remove_leftovers(absolute);
    return StageDir(absolute);
}

Result<StagedFile> StageDir::stage(const std::filesystem::path& source, const std::string& name) {
    if (!is_agent_name(name)) {
        return fail(Errc::invalid, "stage plugin", source.string(),
                    differs("name", "an agent name", "'" + printable(name, 64) + "'"));
    }
    const auto opened = open_plugin_file(source, "stage plugin");
    if (!opened) {
        return Failure(opened.error());
    }
    const auto serial = serial_.fetch_add(1) + 1;
    const std::string stem = name + "-" + std::to_string(serial);
    const auto part_path = directory_ / (stem + ".part");
    ::unlink(part_path.c_str());
    const UniqueFd target(
        ::open(part_path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target) {
        return fail_errno("stage plugin", part_path.string(), errno);
    }
    PartFile part(part_path);
    // No fsync: what is staged need not outlive the host, and is hashed again before its use.
    const auto copied = copy_stable(*opened, source.string(), target.get());
    if (!copied) {
        return Failure(copied.error());
    }
    StagedFile staged;
    staged.source = source;
    staged.path = directory_ / (stem + "-" + copied->digest.substr(0, digest_digits) + ".so");
    staged.digest = copied->digest;
    staged.size = copied->size;
    if (::fchmod(target.get(), 0500) != 0 || !part.rename_to(staged.path)) {
        return fail_errno("stage plugin", staged.path.string(), errno);
    }
    return staged;
}

Result<std::string> StageDir::digest(const std::filesystem::path& source) {
    const auto opened = open_plugin_file(source, "hash plugin");
    if (!opened) {
        return Failure(opened.error());
    }
    return digest_of_file(opened->fd.get(), source.string());
}

Result<void> StageDir::verify(const StagedFile& file) {
    const std::string name = file.path.string();
    const auto opened = open_plugin_file(file.path, "verify staged plugin");
    if (!opened) {
        return Failure(opened.error());
    }
    if (opened->size() != file.size) {
        return fail(Errc::refused, "verify staged plugin", name,
                    differs("size", std::to_string(file.size), std::to_string(opened->size())),
                    "stage it again");
    }
    const auto found = digest_of_file(opened->fd.get(), name);
    if (!found) {
        return Failure(found.error());
    }
    if (*found != file.digest) {
        return fail(Errc::refused, "verify staged plugin", name,
                    differs("digest", file.digest, *found), "stage it again");
    }
    return {};
}

void StageDir::remove(const StagedFile& file) noexcept {
    ::unlink(file.path.c_str());
}

} // namespace noa::plugin

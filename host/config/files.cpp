#include "config/files.hpp"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace noa::config {

namespace {

constexpr std::size_t max_files = 1000;

} // namespace

bool is_toml_name(std::string_view name) {
    return name.ends_with(".toml") && !name.starts_with('.');
}

Result<std::vector<std::filesystem::path>> list_toml(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> out;
    const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(directory.c_str()), &::closedir);
    if (!opened) {
        if (errno == ENOENT) {
            return out;
        }
        return fail_errno("read directory", directory.string(), errno);
    }
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this stream
    while (const auto* entry = ::readdir(opened.get())) {
        if (is_toml_name(entry->d_name)) {
            out.push_back(directory / entry->d_name);
        }
        if (out.size() > max_files) {
            return fail(Errc::invalid, "read directory", directory.string(),
                        "more than " + std::to_string(max_files) + " files");
        }
        errno = 0;
    }
    if (errno != 0) {
        return fail_errno("read directory", directory.string(), errno);
    }
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace noa::config

#include "supervise/kept_versions.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace noa::supervise {

std::filesystem::path KeptVersions::path(const std::string& agent,
                                         const std::string& digest) const {
    return directory_ / agent / (digest + ".so");
}

Result<void> KeptVersions::keep(const std::string& agent, const plugin::StagedFile& file) const {
    const auto target = path(agent, file.digest);
    std::error_code code;
    if (std::filesystem::exists(target, code)) {
        return {};
    }
    for (const auto& directory : {directory_, directory_ / agent}) {
        if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
            return fail_errno("keep version", directory.string(), errno);
        }
    }
    if (::link(file.path.c_str(), target.c_str()) == 0 || errno == EEXIST) {
        return {};
    }
    const auto beside = directory_ / agent / (file.digest + ".part");
    std::filesystem::copy_file(file.path, beside, std::filesystem::copy_options::overwrite_existing,
                               code);
    if (!code) {
        std::filesystem::rename(beside, target, code);
    }
    if (code) {
        std::error_code ignored;
        std::filesystem::remove(beside, ignored);
        return fail_errno("keep version", target.string(), code.value());
    }
    return {};
}

void KeptVersions::prune(const std::string& agent,
                         const std::vector<std::string>& digests) const noexcept {
    std::error_code code;
    std::filesystem::directory_iterator at(directory_ / agent, code);
    for (; !code && at != std::filesystem::directory_iterator(); at.increment(code)) {
        const auto name = at->path().stem().string();
        if (std::find(digests.begin(), digests.end(), name) == digests.end()) {
            std::error_code ignored;
            std::filesystem::remove(at->path(), ignored);
        }
    }
}

} // namespace noa::supervise

#include "plugin/verdict_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/ids.hpp"
#include "base/unique_fd.hpp"
#include "noa/version.h"
#include "plugin/limits.hpp"
#include "plugin/text.hpp"
#include "plugin/verdict.hpp"

namespace noa::plugin {

namespace {

constexpr std::uint32_t format = 1;
constexpr std::string_view suffix = ".json";

std::optional<std::string> read_small(const std::filesystem::path& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size > static_cast<off_t>(verdict_max)) {
        return std::nullopt;
    }
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t got = 0;
    while (got < text.size()) {
        const ssize_t piece =
            ::pread(fd.get(), text.data() + got, text.size() - got, static_cast<off_t>(got));
        if (piece < 0 && errno == EINTR) {
            continue;
        }
        if (piece <= 0) {
            return std::nullopt;
        }
        got += static_cast<std::size_t>(piece);
    }
    return text;
}

bool write_whole(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = ::write(fd, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

void remove_oldest(const std::filesystem::path& directory) {
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> entries;
    std::error_code code;
    std::filesystem::directory_iterator found(directory, code);
    for (; !code && found != std::filesystem::directory_iterator(); found.increment(code)) {
        std::error_code ignored;
        entries.emplace_back(found->last_write_time(ignored), found->path());
    }
    if (entries.size() <= VerdictCache::entries_max) {
        return;
    }
    std::sort(entries.begin(), entries.end());
    entries.resize(entries.size() - VerdictCache::entries_max);
    for (const auto& [time, path] : entries) {
        ::unlink(path.c_str());
    }
}

} // namespace

VerdictCache::VerdictCache(std::filesystem::path directory) : directory_(std::move(directory)) {}

std::string VerdictCache::key(std::string_view digest, std::string_view settings_json) {
    std::string text = "verdict " + std::to_string(format);
    text.append(" host " NOA_VERSION " abi ").append(std::to_string(NOA_ABI_MAJOR));
    text.append(".").append(std::to_string(NOA_ABI_MINOR));
    text.append(" file ").append(digest).append(" settings ").append(digest_of(settings_json));
    return digest_of(text);
}

std::optional<ProbeFacts> VerdictCache::find(const std::string& key) const {
    if (directory_.empty()) {
        return std::nullopt;
    }
    const auto text = read_small(directory_ / (key + std::string(suffix)));
    const auto json = text ? parse_json(*text, json_depth_max + 4) : std::nullopt;
    // The key inside guards against a file that was copied to another name.
    if (!json || !json->is_object() || json->value("key", nlohmann::json()) != key) {
        return std::nullopt;
    }
    return facts_from(json->value("facts", nlohmann::json()));
}

void VerdictCache::store(const std::string& key, const ProbeFacts& facts) const {
    if (directory_.empty()) {
        return;
    }
    std::error_code code;
    std::filesystem::create_directories(directory_.parent_path(), code);
    if (::mkdir(directory_.c_str(), 0700) != 0 && errno != EEXIST) {
        return;
    }
    const nlohmann::json json = {{"key", key}, {"facts", to_json(facts)}};
    const auto text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    const auto part = directory_ / (key + "." + to_string(make_id()) + ".part");
    const UniqueFd fd(
        ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) {
        return;
    }
    const auto target = directory_ / (key + std::string(suffix));
    if (!write_whole(fd.get(), text) || ::rename(part.c_str(), target.c_str()) != 0) {
        ::unlink(part.c_str());
        return;
    }
    remove_oldest(directory_);
}

} // namespace noa::plugin

#include "plugin/verdict_cache.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/file.hpp"
#include "noa/version.h"
#include "plugin/limits.hpp"
#include "plugin/text.hpp"
#include "plugin/verdict.hpp"

namespace noa::plugin {

namespace {

constexpr std::uint32_t format = 1;
constexpr std::string_view suffix = ".json";

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
    const auto text = read_file(directory_ / (key + std::string(suffix)), verdict_max);
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
    const auto target = directory_ / (key + std::string(suffix));
    if (!replace_file(target, text, Durable::no, "keep verdict")) {
        return;
    }
    remove_oldest(directory_);
}

} // namespace noa::plugin

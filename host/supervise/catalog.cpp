#include "supervise/catalog.hpp"

#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "base/names.hpp"
#include "plugin/stage.hpp"

namespace noa::supervise {

namespace {

constexpr std::size_t max_files = 4096; // of one directory; as many agents as there can be

bool same_file(const struct stat& a, const struct stat& b) noexcept {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
           a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
           a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

bool is_trusted(const std::filesystem::path& directory) noexcept {
    struct stat status {};
    return ::stat(directory.c_str(), &status) == 0 &&
           (status.st_uid == 0 || status.st_uid == ::geteuid()) &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

} // namespace

std::string CatalogEntry::complaint() const {
    if (rivals.empty()) {
        return problem;
    }
    std::string text = "several files claim this name: " + path.string();
    for (const auto& rival : rivals) {
        text += ", " + rival.string();
    }
    return text;
}

void Catalog::scan(const std::vector<std::filesystem::path>& directories) {
    entries_.clear();
    for (const auto& directory : directories) {
        std::error_code error;
        std::vector<std::filesystem::path> files;
        for (std::filesystem::directory_iterator it(directory, error), end;
             !error && it != end && files.size() < max_files; it.increment(error)) {
            if (it->path().extension() == ".so" && is_agent_name(it->path().stem().string())) {
                files.push_back(it->path());
            }
        }
        std::sort(files.begin(), files.end());
        const bool trusted = is_trusted(directory);
        for (const auto& file : files) {
            add(file, trusted);
        }
    }
    std::erase_if(known_, [&](const auto& known) {
        return std::none_of(entries_.begin(), entries_.end(),
                            [&](const auto& entry) { return entry.second.path == known.first; });
    });
}

void Catalog::add(const std::filesystem::path& path, bool trusted) {
    const auto name = path.stem().string();
    const auto [it, is_new] = entries_.try_emplace(name);
    auto& entry = it->second;
    if (!is_new) {
        entry.rivals.push_back(path);
        return;
    }
    entry.plugin = name;
    entry.path = path;
    entry.trusted = trusted;
    entry.digest = digest_of(path, entry.problem);
}

std::string Catalog::digest_of(const std::filesystem::path& path, std::string& problem) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) {
        const auto found = known_.find(path);
        if (found != known_.end() && same_file(found->second.status, status)) {
            return found->second.digest;
        }
    }
    auto digest = plugin::StageDir::digest(path);
    if (!digest) {
        problem = digest.error().text();
        return {};
    }
    known_[path] = {status, *digest};
    return *digest;
}

const CatalogEntry* Catalog::find(const std::string& plugin) const noexcept {
    const auto found = entries_.find(plugin);
    return found != entries_.end() ? &found->second : nullptr;
}

} // namespace noa::supervise

// The plugin files there are, by plugin id.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace noa::supervise {

struct CatalogEntry {
    std::string plugin; // the id that it is to have
    std::filesystem::path path;
    std::vector<std::filesystem::path> rivals; // other files of the same name: none is used then
    bool trusted = false; // its directory is root's or ours, and nobody else may write there
    std::string digest;   // SHA-256 of the file; empty when it cannot be read
    // Of a private copy: the digest that it must have, and where it came from.
    std::string kept_digest;
    std::filesystem::path origin;
    std::string problem; // why it cannot be used; empty when it can

    // One line about rivals or problem.
    [[nodiscard]] std::string complaint() const;
    [[nodiscard]] bool usable() const noexcept { return rivals.empty() && problem.empty(); }
};

// A file is called after its plugin: cache.so. Digests are computed again only when size, time
// or inode changed.  [one thread at a time]
class Catalog {
public:
    void scan(const std::vector<std::filesystem::path>& directories);
    [[nodiscard]] const std::map<std::string, CatalogEntry>& entries() const noexcept {
        return entries_;
    }
    [[nodiscard]] const CatalogEntry* find(const std::string& plugin) const noexcept;

private:
    struct Known {
        struct stat status {};
        std::string digest;
    };
    void add(const std::filesystem::path& path, bool trusted);
    [[nodiscard]] std::string digest_of(const std::filesystem::path& path, std::string& problem);

    std::map<std::string, CatalogEntry> entries_;
    std::map<std::filesystem::path, Known> known_;
};

} // namespace noa::supervise

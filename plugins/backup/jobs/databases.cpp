#include "databases.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "noa/sdk/sqlite.hpp"

namespace backup {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> logs{"-wal", "-shm", "-journal"};
constexpr std::array<std::string_view, 4> endings{".db", ".sqlite", ".sqlite3", ".db3"};
constexpr std::size_t most_databases = 200; // each is open at the same time

bool looks_like_one(const fs::path& path) {
    const std::string name = path.filename().string();
    const auto ends = [&](std::string_view ending) { return name.ends_with(ending); };
    if (std::ranges::any_of(logs, ends)) {
        return false;
    }
    std::error_code failed;
    return std::ranges::any_of(endings, ends) ||
           std::ranges::any_of(logs, [&](std::string_view log) {
               return fs::exists(path.string() + std::string(log), failed);
           });
}

std::vector<std::string> candidates(const std::string& folder,
                                    const std::set<std::string>& skipped = {}) {
    std::vector<std::string> found;
    std::error_code failed;
    fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied,
                                        failed);
    for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
        std::error_code unknown;
        if (skipped.contains(at->path().string())) {
            at.disable_recursion_pending();
        } else if (at->symlink_status(unknown).type() == fs::file_type::regular &&
                   looks_like_one(at->path())) {
            found.push_back(at->path().string());
        }
    }
    std::ranges::sort(found);
    return found;
}

struct Open {
    std::string path;
    noa::sqlite::Database database;
};

// In a read transaction; nothing for what is no database.
noa::sqlite::Result<std::optional<noa::sqlite::Database>> begin_reading(const std::string& path) {
    auto database = noa::sqlite::Database::open(path, {.read_only = true});
    if (!database) {
        if ((database.error().code & 0xFF) == SQLITE_NOTADB) {
            return std::optional<noa::sqlite::Database>();
        }
        return database.error();
    }
    if (auto begun = database->execute("BEGIN; SELECT count(*) FROM sqlite_schema"); !begun) {
        return begun.error();
    }
    return std::optional(*std::move(database));
}

void omit(DatabaseCopies& copies, const std::string& path) {
    for (const std::string_view log : logs) {
        copies.omitted.insert(path + std::string(log));
    }
}

} // namespace

namespace {

// In read transactions, all of them. What cannot be opened is a fault.
std::vector<Open> begin_all(const DatabasePlaces& places, DatabaseCopies& copies,
                            Progress& progress) {
    std::vector<Open> open;
    for (const std::string& folder : places.folders) {
        if (places.skipped.contains(folder)) {
            continue;
        }
        for (const std::string& path : candidates(folder, places.skipped)) {
            auto database = open.size() < most_databases
                                ? begin_reading(path)
                                : noa::sqlite::Result<std::optional<noa::sqlite::Database>>(
                                      noa::sqlite::Error{SQLITE_FULL, "too many", path});
            if (!database) {
                progress.fault(path, "not kept: " + database.error().message());
                copies.omitted.insert(path);
                omit(copies, path);
            } else if (*database) {
                open.push_back({path, std::move(**database)});
            }
        }
    }
    return open;
}

} // namespace

noa::sdk::Result<DatabaseCopies> copy_databases(const DatabasePlaces& places,
                                                const std::function<void()>& at_barrier,
                                                Progress& progress, const std::stop_token& stop) {
    std::error_code failed;
    fs::remove_all(places.staging, failed);
    fs::create_directories(places.staging, failed);
    if (failed) {
        return noa::sdk::failed("make " + places.staging + ": " + failed.message());
    }
    DatabaseCopies copies;
    std::vector<Open> open = begin_all(places, copies, progress);
    at_barrier();
    for (Open& one : open) {
        if (stop.stop_requested()) {
            return interrupted();
        }
        const std::string copy =
            places.staging + "/" + std::to_string(copies.substitutes.size()) + ".db";
        if (auto copied = one.database.backup_to(copy); !copied) {
            progress.fault(one.path, "not kept: " + copied.error().message());
            copies.omitted.insert(one.path);
        } else {
            copies.substitutes.emplace(one.path, copy);
        }
        omit(copies, one.path);
        one.database.close();
    }
    return copies;
}

std::vector<DatabaseVerdict> check_databases(const std::string& folder,
                                             const std::stop_token& stop) {
    std::vector<DatabaseVerdict> all;
    for (const std::string& path : candidates(folder)) {
        if (stop.stop_requested()) {
            break;
        }
        auto database = noa::sqlite::Database::open(path, {.read_only = true});
        auto whole =
            database ? database->integrity_check() : noa::sqlite::Result<>(database.error());
        all.push_back({path, whole ? "" : whole.error().message()});
    }
    return all;
}

} // namespace backup

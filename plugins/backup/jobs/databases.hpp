// Consistent copies of the databases of agents at work.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "../archive/progress.hpp"

namespace backup {

// What an archive reads in the place of a database, and what it leaves out.
struct DatabaseCopies {
    std::map<std::string, std::string> substitutes;
    std::set<std::string> omitted;
};

struct DatabasePlaces {
    std::vector<std::string> folders; // where they are looked for
    std::set<std::string> skipped;    // folders in these
    std::string staging;              // where copies go; emptied before
};

// Of every SQLite database in the folders. Told by their names, and by a log beside them: they are
// never opened but through SQLite, since closing a descriptor of a file drops the locks that
// another agent of this process has on it.
// All are at one point in time: the read transactions of all begin before `at_barrier` is called,
// and that before the first is copied. One that cannot be copied is a fault, and left out.
[[nodiscard]] noa::sdk::Result<DatabaseCopies>
copy_databases(const DatabasePlaces& places, const std::function<void()>& at_barrier,
               Progress& progress, const std::stop_token& stop);

struct DatabaseVerdict {
    std::string path;
    std::string fault; // empty: it is whole
};
// Opens each in `folder`, and reads all of it.
[[nodiscard]] std::vector<DatabaseVerdict> check_databases(const std::string& folder,
                                                           const std::stop_token& stop);

} // namespace backup

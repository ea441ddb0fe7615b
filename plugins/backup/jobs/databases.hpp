// Consistent copies of the databases of agents at work.
#pragma once

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

// Of every SQLite database in `folders`, into `staging`, which is emptied before. Told by their
// names, and by a log beside them: they are never opened but through SQLite, since closing a
// descriptor of a file drops the locks that another agent of this process has on it.
// All are at one point in time: the read transactions of all begin before the first is copied. One
// that cannot be copied is a fault, and left out.
[[nodiscard]] noa::sdk::Result<DatabaseCopies>
copy_databases(const std::vector<std::string>& folders, const std::string& staging,
               Progress& progress, const std::stop_token& stop);

struct DatabaseVerdict {
    std::string path;
    std::string fault; // empty: it is whole
};
// Opens each in `folder`, and reads all of it.
[[nodiscard]] std::vector<DatabaseVerdict> check_databases(const std::string& folder,
                                                           const std::stop_token& stop);

} // namespace backup

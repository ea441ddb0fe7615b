// What the file system says of a file, as a node.
#pragma once

#include <sys/stat.h>

#include <map>
#include <string>

#include "../repository/tree.hpp"

namespace backup {

// Names of users and groups, looked up once each. Belongs to one thread at a time.
class Owners {
public:
    [[nodiscard]] const std::string& user(std::uint32_t uid);
    [[nodiscard]] const std::string& group(std::uint32_t gid);

private:
    std::map<std::uint32_t, std::string> users_;
    std::map<std::uint32_t, std::string> groups_;
};

// Everything but content, subtree and name. `path` is for what has no call by descriptor: the
// target of a link, and extended attributes, which are left out where they cannot be read.
[[nodiscard]] Node node_of(const struct stat& found, const std::string& path, Owners& owners);

} // namespace backup

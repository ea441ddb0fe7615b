// Makes the files of a snapshot.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "../repository/repository.hpp"
#include "../repository/tree.hpp"
#include "progress.hpp"
#include "unique_fd.hpp"

namespace backup {

// A directory in which something is made. It gets its owner, mode and times when nobody is at work
// in it any more: with its last owner. Owners: the walk through it, what is made in it, the
// folders in it.
class Folder {
public:
    Folder(UniqueFd fd, std::string path, Progress& progress)
        : fd_(std::move(fd)), path_(std::move(path)), progress_(progress) {}
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();

    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    // From then on it is known what it is to become.
    void become(Node node, std::shared_ptr<Folder> parent) {
        node_ = std::move(node);
        parent_ = std::move(parent);
    }

private:
    std::shared_ptr<Folder> parent_; // goes after this one
    UniqueFd fd_;
    std::string path_;
    std::optional<Node> node_;
    Progress& progress_;
};
using FolderPtr = std::shared_ptr<Folder>; // owners: see Folder

// Where something is made: a name in an open directory.
struct Spot {
    FolderPtr folder;
    std::string name;
    std::string path; // for errors
};

// Written beside, checked, renamed.
[[nodiscard]] noa::sdk::Status make_file(const Spot& spot, const Node& node, BlobReader& reader,
                                         bool read_back);
// A directory is made, or taken when it is there, and opened; no link is followed.
[[nodiscard]] noa::sdk::Result<FolderPtr> make_folder(const Spot& spot, const Node& node,
                                                      Progress& progress);
// Links, pipes, devices.
[[nodiscard]] noa::sdk::Status make_special(const Spot& spot, const Node& node);
[[nodiscard]] noa::sdk::Status make_hard_link(const Spot& spot, const std::string& first);
// Owner, mode, extended attributes, times of a directory or file that is open.
[[nodiscard]] noa::sdk::Status set_facts(int fd, const Node& node, const std::string& path);

} // namespace backup

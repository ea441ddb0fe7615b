// Through the trees of snapshots.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../repository/repository.hpp"
#include "../repository/tree.hpp"

namespace backup {

[[nodiscard]] noa::sdk::Result<std::vector<Node>> load_tree(BlobReader& reader, const Id& tree);

// The node at an absolute path; "/" is a directory with the whole tree.
[[nodiscard]] noa::sdk::Result<Node> find_node_at(BlobReader& reader, const Id& tree,
                                                  std::string_view path);

// Depth first, names in order: visit(path, node) says whether to go on with what is in it; a Status
// that is an error ends all.
enum class Step : std::uint8_t { into, past, end };
using Visit = std::function<Step(const std::string& path, const Node& node)>;
[[nodiscard]] noa::sdk::Status walk_tree(BlobReader& reader, const Id& tree,
                                         const std::string& path, const Visit& visit);

// One line of a comparison.
struct Difference {
    char kind; // '+', '-', 'M' content, 'U' anything else, 'T' the kind of file
    std::string path;
};
// What is new in `right`; no more than `most`, one more says that there are more.
[[nodiscard]] noa::sdk::Result<std::vector<Difference>>
compare_trees(BlobReader& reader, const Id& left, const Id& right, std::size_t most);

} // namespace backup

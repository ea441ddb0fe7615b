// Whatever lies in a repository, where its key is known to who wrote it: the first byte says what
// it is taken for. What is read and written again is read alike.
#include <cstdint>
#include <cstdlib>

// Parts of a plugin, which is no library.
#include "../../plugins/backup/repository/bytes.cpp"       // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/config.cpp"      // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/go_quote.cpp"    // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/id.cpp"          // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/index.cpp"       // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/index_file.cpp"  // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/json_reader.cpp" // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/key_file.cpp"    // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/pack.cpp"        // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/polynomial.cpp"  // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/seal.cpp"        // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/snapshot.cpp"    // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/timestamp.cpp"   // NOLINT(bugprone-suspicious-include)
#include "../../plugins/backup/repository/tree.cpp"        // NOLINT(bugprone-suspicious-include)

namespace {

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

// Written twice: what is no UTF-8 has become a replacement character after the first time.
template <class Parse, class Write>
void write_again(std::string_view text, Parse parse, Write write) {
    const auto read = parse(text);
    if (!read) {
        return;
    }
    const auto again = parse(write(*read));
    check(again.has_value());
    const std::string twice = write(*again);
    const auto last = parse(twice);
    check(last.has_value() && write(*last) == twice);
}

void read_tree(std::string_view text) {
    write_again(text, backup::parse_tree,
                [](const std::vector<backup::Node>& nodes) { return backup::tree_json(nodes); });
}

void read_snapshot(std::string_view text) {
    write_again(text, backup::parse_snapshot, backup::snapshot_json);
}

void read_index(std::string_view text) {
    backup::Index index;
    if (backup::parse_index(text, index)) {
        backup::Index again;
        check(backup::parse_index(backup::index_json(index, 0, index.size()), again).has_value());
    }
}

void read_header(std::string_view text) {
    std::uint64_t size = 0;
    if (text.size() >= 4) {
        size = backup::read_le32(backup::view_of(text).data());
        text.remove_prefix(4);
    }
    static_cast<void>(backup::parse_pack_header(backup::view_of(text), size));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0] % 7) {
    case 0: read_tree(text); break;
    case 1: read_snapshot(text); break;
    case 2: read_index(text); break;
    case 3: read_header(text); break;
    case 4: static_cast<void>(backup::parse_config(text)); break;
    case 5: static_cast<void>(backup::KeyFile::parse(text)); break;
    default:
        if (const auto name = backup::go_unquote(text)) {
            check(backup::go_unquote(backup::go_quote(*name)) == name);
        }
    }
    return 0;
}

#include "index_file.hpp"

#include "json_reader.hpp"

namespace backup {

namespace {

bool read_id(JsonReader& reader, std::string& scratch, Id& id) {
    return reader.text(scratch) && from_hex(scratch, id.bytes);
}

bool read_blob(JsonReader& reader, std::string& scratch, PackedBlob& blob) {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint64_t plain_size = 0;
    bool typed = false;
    const bool read = reader.object([&](std::string_view name) {
        if (name == "id") {
            return read_id(reader, scratch, blob.id);
        }
        if (name == "type") {
            typed = reader.text(scratch) && (scratch == "data" || scratch == "tree");
            blob.kind = scratch == "tree" ? BlobKind::tree : BlobKind::data;
            return typed;
        }
        if (name == "offset") {
            return reader.number(offset);
        }
        if (name == "length") {
            return reader.number(size);
        }
        return name == "uncompressed_length" ? reader.number(plain_size) : reader.skip();
    });
    if (!read || !typed || blob.id.is_null() || offset > UINT32_MAX || size > largest_blob ||
        plain_size > largest_blob) {
        return false;
    }
    blob.offset = static_cast<std::uint32_t>(offset);
    blob.size = static_cast<std::uint32_t>(size);
    blob.plain_size = static_cast<std::uint32_t>(plain_size);
    return true;
}

// "id" comes before "blobs" in all that is known; where it does not, they wait for it.
bool read_pack(JsonReader& reader, std::string& scratch, Index& into) {
    Id pack;
    std::vector<PackedBlob> blobs;
    const bool read = reader.object([&](std::string_view name) {
        if (name == "id") {
            return read_id(reader, scratch, pack);
        }
        if (name != "blobs") {
            return reader.skip();
        }
        return reader.array([&] {
            PackedBlob blob;
            if (blobs.size() == most_pack_blobs || !read_blob(reader, scratch, blob)) {
                return false;
            }
            blobs.push_back(blob);
            return true;
        });
    });
    if (!read || pack.is_null()) {
        return false;
    }
    if (into.has_pack(pack)) { // listed in two files
        return true;
    }
    const std::uint32_t number = into.pack_number(pack);
    for (const PackedBlob& blob : blobs) {
        into.add(number, blob);
    }
    return true;
}

void append_blob(std::string& out, const PackedBlob& blob) {
    out += R"({"id":")" + blob.id.hex();
    out += blob.kind == BlobKind::tree ? R"(","type":"tree","offset":)"
                                       : R"(","type":"data","offset":)";
    out += std::to_string(blob.offset) + ",\"length\":" + std::to_string(blob.size);
    if (blob.plain_size != 0) {
        out += ",\"uncompressed_length\":" + std::to_string(blob.plain_size);
    }
    out += '}';
}

} // namespace

noa::sdk::Status parse_index(std::string_view json, Index& into) {
    JsonReader reader(json);
    std::string scratch;
    reader.object([&](std::string_view name) {
        return name == "packs" ? reader.array([&] { return read_pack(reader, scratch, into); })
                               : reader.skip();
    });
    if (!reader.finished()) {
        return noa::sdk::invalid("index: not as an index is written");
    }
    return {};
}

std::string index_json(const Index& index, std::size_t first, std::size_t last,
                       const std::vector<Id>& supersedes, const WantedPack& wanted) {
    std::string out = "{";
    if (!supersedes.empty()) {
        out += "\"supersedes\":[";
        for (const Id& id : supersedes) {
            out += (&id == supersedes.data() ? "\"" : ",\"") + id.hex() + "\"";
        }
        out += "],";
    }
    out += "\"packs\":[";
    std::optional<std::uint32_t> open;
    index.each(first, last, [&](std::size_t, std::uint32_t pack, const PackedBlob& blob) {
        if (wanted && !wanted(pack)) {
            return;
        }
        if (open != pack) {
            out += open ? "]},{\"id\":\"" : "{\"id\":\"";
            out += index.packs()[pack].hex() + "\",\"blobs\":[";
            open = pack;
        } else {
            out += ',';
        }
        append_blob(out, blob);
    });
    out += open ? "]}]}" : "]}";
    return out;
}

} // namespace backup

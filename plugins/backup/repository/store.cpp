#include "store.hpp"

namespace backup {

noa::sdk::Result<Bytes> read_file(Store& store, const FileName& name, std::uint64_t most) {
    const auto size = store.size(name);
    if (!size) {
        return size.error();
    }
    const std::string what = std::string(folder_of(name.kind)) + "/" + name.id.hex();
    if (*size > most) {
        return noa::sdk::too_large(what + ": " + std::to_string(*size) + " bytes");
    }
    Bytes bytes(static_cast<std::size_t>(*size));
    if (noa::sdk::Status read = store.read(name, 0, bytes); !read) {
        return read.error();
    }
    if (name.kind != FileKind::config && sha256(bytes) != name.id) {
        return noa::sdk::invalid(what + ": its content is not what its name says");
    }
    return bytes;
}

noa::sdk::Result<Id> write_file(Store& store, FileKind kind, View bytes) {
    const Id id = kind == FileKind::config ? Id{} : sha256(bytes);
    auto file = store.create();
    if (!file) {
        return file.error();
    }
    if (noa::sdk::Status written = (*file)->append(bytes); !written) {
        return written.error();
    }
    if (noa::sdk::Status finished = (*file)->finish({kind, id}); !finished) {
        return finished.error();
    }
    return id;
}

} // namespace backup

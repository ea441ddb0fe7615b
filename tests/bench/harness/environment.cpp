#include "harness/environment.hpp"

#include <sys/utsname.h>
#include <zmq.h>

#include <fstream>
#include <thread>

#include "harness/process.hpp"

namespace noa::bench {

namespace {

// The text after `key` and its separator, of the first line that starts with it.
std::string field_of(const char* file, std::string_view key) {
    std::ifstream input(file);
    for (std::string line; std::getline(input, line);) {
        if (line.starts_with(key)) {
            const auto begin = line.find_first_not_of(": \t=\"", key.size());
            const auto end = line.find_last_not_of("\" ");
            return begin == std::string::npos ? "" : line.substr(begin, end - begin + 1);
        }
    }
    return "unknown";
}

std::string first_line_of(const char* file) {
    std::ifstream input(file);
    std::string line;
    std::getline(input, line);
    return line;
}

// The first line that `program argument` prints.
std::string version_of(const std::string& program, const char* argument) {
    auto path = find_program(program);
    auto directory = TempDir::make(std::filesystem::temp_directory_path());
    if (!path || !directory) {
        return "not installed";
    }
    Command command;
    command.argv = {path->string(), argument};
    command.output = directory->path() / "output";
    auto child = Child::spawn(command);
    if (!child || !child->wait(std::chrono::seconds(5))) {
        return "unknown";
    }
    const auto line = first_line_of(command.output.c_str());
    return line.substr(0, 60);
}

std::string zmq_version_text() {
    int major = 0;
    int minor = 0;
    int patch = 0;
    ::zmq_version(&major, &minor, &patch);
    return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

} // namespace

nlohmann::json describe_environment(const Programs& programs) {
    utsname kernel{};
    ::uname(&kernel);
    nlohmann::json value;
    value["cpu"] = field_of("/proc/cpuinfo", "model name");
    value["cores"] = std::thread::hardware_concurrency();
    value["kernel"] = kernel.release;
    value["system"] = field_of("/etc/os-release", "PRETTY_NAME");
    value["memory"] = field_of("/proc/meminfo", "MemTotal");
    value["load"] = first_line_of("/proc/loadavg");
    value["compiler"] = "gcc " __VERSION__;
#ifdef __OPTIMIZE__
    value["optimised"] = true;
#else
    value["optimised"] = false;
#endif
    value["noad"] = programs.noad.empty() ? "not given" : programs.noad.string();
    value["libzmq"] = zmq_version_text();
    value["nats-server"] = version_of("nats-server", "--version");
    value["mosquitto"] = version_of("mosquitto", "-h");
    value["redis-server"] = version_of("redis-server", "--version");
    return value;
}

std::string render_environment(const nlohmann::json& environment) {
    std::string text;
    for (const auto& [name, value] : environment.items()) {
        text += name + std::string(name.size() < 14 ? 14 - name.size() : 1, ' ') +
                (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
    }
    if (std::stod(environment.value("load", "0")) > 1.0) {
        text +=
            "note          other work runs here: of the figures in time only CPU can be trusted\n";
    }
    return text;
}

} // namespace noa::bench

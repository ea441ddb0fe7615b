#include <cstdio>

#include "noactl/command_line.hpp"
#include "noactl/session.hpp"

int main(int argc, char** argv) {
    using namespace noa::noactl;
    const int code = run_command_line(argc, argv);
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
        say("standard output: cannot write");
        return code == exit_ok ? exit_failed : code;
    }
    return code;
}

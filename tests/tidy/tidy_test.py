#!/usr/bin/env python3
"""Each check of tidy.py finds what it is there to find, and nothing in its place."""
import sys

import tidy

# check, files that must give a finding, files that must not
CASES = [
    (tidy.check_layers, {'netft/wire/a.hpp': '#include "netft/core/engine.hpp"\n'},
     {'netft/core/a.hpp': '#include "netft/wire/header.hpp"\n'}),
    (tidy.check_layers, {'tap/a.cpp': '#include "routing/table/route_table.hpp"\n'},
     {'tap/a.cpp': '#include "netft/base/address.hpp"\n'}),
    (tidy.check_layers, {'netft/wire/a.hpp': '#include "header.hpp"\n'}, {}),
    (tidy.check_purity, {'netft/core/a.cpp': '#include <mutex>\n'},
     {'netft/daemon/a.cpp': '#include <mutex>\n'}),
    (tidy.check_purity, {'routing/topology/a.cpp': 'auto t = std::chrono::steady_clock::now();\n'},
     {'routing/topology/a.cpp': '// never steady_clock::now()\n'}),
    (tidy.check_purity, {'tap/frame.cpp': '#include <unistd.h>\n'},
     {'tap/device.cpp': '#include <unistd.h>\n'}),
    (tidy.check_purity, {'netft/base/bytes.cpp': '#include <arpa/inet.h>\n'},
     {'netft/base/address.cpp': '#include <arpa/inet.h>  // text only\n'}),
    (tidy.check_dpdk_only_in_dataplane, {'tap/a.cpp': '#include <rte_mbuf.h>\n'},
     {'netft/dataplane/a.cpp': '#include <rte_mbuf.h>\n'}),
    (tidy.check_length, {'tap/a.cpp': '\n' * 501}, {'tap/a.cpp': '\n' * 500}),
    (tidy.check_no_notes_to_self, {'a.md': 'TO' + 'DO: later\n'}, {'a.sh': 'mktemp /tmp/aXXXXXX\n'}),
    (tidy.check_white_space, {'a.md': 'a \n'}, {'a.md': 'a\n'}),
    (tidy.check_white_space, {'a.md': 'a'}, {'a.md': ''}),
    (tidy.check_headers_are_guarded, {'tap/a.hpp': 'int a;\n'}, {'tap/a.hpp': '#pragma once\n'}),
    (tidy.check_meson_lists_are_sorted, {'tap/meson.build': "  'b.cpp',\n  'a.cpp',\n"},
     {'tap/meson.build': "  'a.cpp',\n  'b.cpp',\n"}),
    (tidy.check_sources_are_built, {'tap/a.cpp': '', 'tap/meson.build': ''},
     {'tap/a.cpp': '', 'tap/meson.build': "'a.cpp'"}),
    (tidy.check_drop_reasons_are_documented, {'netft/wire/drop_reason.hpp': '  X(lost, "x")\n'},
     {'netft/wire/drop_reason.hpp': '  X(lost, "x")\n', 'netft/docs/operations.md': '`lost`'}),
    (tidy.check_man_pages_and_tools_agree, {'netft/docs/man/netft-x.1.scd': ''},
     {'netft/docs/man/netft-x.1.scd': '', 'tools/netft-x': ''}),
    (tidy.check_man_pages_and_tools_agree, {'tools/meson.build': "executable('netft-y', 'y.cpp')"}, {}),
    (tidy.check_scripts_parse, {'tools/a': '#!/bin/bash\nif\n'}, {'tools/a': '#!/bin/bash\ntrue\n'}),
    (tidy.check_scripts_parse, {'a.py': 'def\n'}, {'a.py': 'pass\n'}),
]


def main():
    failed = 0
    for number, (check, bad, good) in enumerate(CASES, 1):
        right = bool(check(tidy.Tree(bad))) and not check(tidy.Tree(good))
        failed += not right
        print(f'{"ok" if right else "not ok"} {number} {check.__name__}')
    print(f'{len(CASES) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

# dh --with noa-plugin, or Build-Depends: dh-sequence-noa-plugin. See dh_noa_plugin(1).
use strict;
use warnings;
use Debian::Debhelper::Dh_Lib;

insert_after('dh_install', 'dh_noa_plugin');
# Plugins are no libraries to link with, whatever their names look like.
add_command_options('dh_makeshlibs', '-X/noa/plugins/');

1;

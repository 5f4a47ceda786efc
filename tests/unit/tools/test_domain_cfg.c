/* SPDX-License-Identifier: MIT */
/* From settings to a domain's configuration: defaults, limits, and the names of mistakes. */
#include "test.h"
#include "pvctl/domain_cfg.h"

static struct domain_config config;
static struct err err;
static char warnings[400];

static void warn(const char *text)
{
	strncat(warnings, text, sizeof(warnings) - strlen(warnings) - 1);
}

static int read_text(const char *text)
{
	struct cfg cfg = { NULL, NULL };
	int rc = cfg_parse(&cfg, "d.cfg", text, &err);

	assert_int_equal(rc, 0);
	warnings[0] = 0;
	rc = domain_cfg_read(&config, &cfg, 42, warn, &err);
	cfg_free(&cfg);
	return rc;
}

#define BASE "name='n'\nkernel='/k'\n"

static void fills_defaults(void **state)
{
	(void)state;
	assert_int_equal(read_text(BASE), 0);
	assert_string_equal(config.name, "n");
	assert_string_equal(config.kernel, "/k");
	assert_null(config.ramdisk);
	assert_null(config.cmdline);
	assert_int_equal(config.memory_kb, 32 << 10);
	assert_int_equal(config.max_memory_kb, 32 << 10);
	assert_int_equal(config.vcpus, 1);
	assert_int_equal(config.max_vcpus, 1);
	assert_int_equal(config.max_grant_frames, -1);
	assert_int_equal(config.max_event_channels, 1023);
	assert_int_equal(config.on[END_POWEROFF], ACTION_DESTROY);
	assert_int_equal(config.on[END_REBOOT], ACTION_RESTART);
	assert_int_equal(config.on[END_CRASH], ACTION_DESTROY);
	assert_int_equal(config.uuid[6] >> 4, 4);
	assert_string_equal(warnings, "");
	domain_config_free(&config);
}

static void reads_all(void **state)
{
	char uuid[37];

	(void)state;
	assert_int_equal(read_text(BASE "type='pv'\nbuilder='generic'\nramdisk='/r'\nroot='/dev/xvda'\nextra='ro'\n"
		"memory=64\nmaxmem=128\nvcpus=2\nmaxvcpus=4\ncpu_weight=512\ncap=50\n"
		"on_poweroff='preserve'\non_reboot='rename-restart'\non_crash='restart'\n"
		"max_grant_frames=8\nmax_event_channels=100\ndisk=[]\nvif=[]\n"
		"uuid='00112233-4455-6677-8899-aabbccddeeff'\nnonsense=1\n"), 0);
	assert_string_equal(config.cmdline, "root=/dev/xvda ro");
	assert_string_equal(config.ramdisk, "/r");
	assert_int_equal(config.max_memory_kb, 128 << 10);
	assert_int_equal(config.max_vcpus, 4);
	assert_int_equal(config.weight, 512);
	assert_int_equal(config.cap, 50);
	assert_int_equal(config.on[END_POWEROFF], ACTION_PRESERVE);
	assert_int_equal(config.on[END_REBOOT], ACTION_RENAME_RESTART);
	assert_int_equal(config.on[END_CRASH], ACTION_RESTART);
	domain_uuid_text(config.uuid, uuid);
	assert_string_equal(uuid, "00112233-4455-6677-8899-aabbccddeeff");
	assert_non_null(strstr(warnings, "d.cfg:22: unknown setting \"nonsense\""));
	domain_config_free(&config);
}

static void reads_cpus(void **state)
{
	(void)state;
	assert_int_equal(read_text(BASE "vcpus=2\nmaxvcpus=3\ncpus='0-3,^1'\ncpus_soft=['1','all']\n"), 0);
	assert_int_equal(config.cpus[0], 0xd);
	assert_int_equal(config.cpus[2], 0xd);
	assert_int_equal(config.cpus[3], 0);
	assert_int_equal(config.cpus_soft[0], 2);
	assert_true(config.cpus_soft[1] == UINT64_MAX);
	assert_int_equal(config.cpus_soft[2], 0);
	domain_config_free(&config);
	assert_int_not_equal(read_text(BASE "cpus='one'\n"), 0);
	assert_err(&err, ERR_CONFIG, "d.cfg:3|cpus|found one");
	assert_int_not_equal(read_text(BASE "cpus=['1','2']\n"), 0);
	assert_err(&err, ERR_CONFIG, "cpus|maxvcpus = 1|found 2");
}

/* A disk by its name, and by the number that pvctl block-list shows. */
static void names_disks(void **state)
{
	static const struct {
		const char *disk, *vdev;
		unsigned int number;
	} disks[] = {
		{ "x,,xvda", "xvda", 51712 }, { "/tmp/.x/..y/z...,,xvda", "xvda", 51712 }, { "x,,51729", "xvdb1", 51729 }, { "x,,xvdq", "xvdq", 268439552 },
		{ "x,,268439552", "xvdq", 268439552 }, { "x,,d1048575p255", "xvdbgqcv255", 536870911 },
		{ "x,,536870911", "xvdbgqcv255", 536870911 },
	};
	char text[80];

	(void)state;
	for (size_t i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		snprintf(text, sizeof(text), BASE "disk=['%s']", disks[i].disk);
		assert_int_equal(read_text(text), 0);
		assert_int_equal(config.disks[0].number, disks[i].number);
		assert_string_equal(config.disks[0].vdev, disks[i].vdev);
		domain_config_free(&config);
	}
}

/* What the configuration leaves open is settled with it: a domain that restarts has the same address. */
static void gives_addresses(void **state)
{
	const struct vif_config *v;

	(void)state;
	assert_int_equal(read_text(BASE "vif=['','','mac=00:16:3e:00:00:01']"), 0);
	v = config.vifs;
	assert_memory_equal(v[0].mac, "\x00\x16\x3e", 3);
	assert_memory_equal(v[1].mac, "\x00\x16\x3e", 3);
	assert_true(memcmp(v[0].mac, v[1].mac, 6));
	assert_memory_equal(v[2].mac, "\x00\x16\x3e\x00\x00\x01", 6);
	domain_config_free(&config);
}

static void cmdline_goes_first(void **state)
{
	(void)state;
	assert_int_equal(read_text(BASE "cmdline='c'\nroot='r'\nextra='e'\n"), 0);
	assert_string_equal(config.cmdline, "c");
	assert_string_equal(warnings, "");
	domain_config_free(&config);
}

static void names_the_mistake(void **state)
{
	static const struct {
		const char *text, *words;
	} wrong[] = {
		{ "kernel='/k'", "d.cfg: name:|found none" },
		{ "name='x'", "d.cfg: kernel:|found none" },
		{ "name='1x'\nkernel='/k'", "d.cfg:1: name:|1x" },
		{ "name=''\nkernel='/k'", "name:" },
		{ "name='a/b'\nkernel='/k'", "name:|a/b" },
		{ BASE "type='hvm'", "d.cfg:3: type:|\"pv\"|\"hvm\"" },
		{ BASE "builder='hvm'", "d.cfg:3: builder:|\"generic\"|\"hvm\"" },
		{ BASE "usbctrl=['type=auto']", "d.cfg:3: usbctrl:|absent" },
		{ BASE "ioports='2f8-2ff'", "d.cfg:3: ioports:|absent" },
		{ BASE "memory=0", "d.cfg:3: memory:|1 to" },
		{ BASE "memory='lots'", "memory:|number|lots" },
		{ BASE "memory=64\nmaxmem=32", "d.cfg:4: maxmem:|64|32" },
		{ BASE "vcpus=33", "vcpus:|1 to 32" },
		{ BASE "vcpus=4\nmaxvcpus=2", "maxvcpus:|vcpus = 4|2" },
		{ BASE "cpu_weight=70000", "cpu_weight:|65535" },
		{ BASE "on_crash='explode'", "d.cfg:3: on_crash:|preserve|explode" },
		{ BASE "uuid='123'", "uuid:|hexadecimal|123" },
		{ BASE "disk='phy:x,xvda,w'", "d.cfg:3: disk:|list of" },
		{ BASE "disk=[['a']]", "d.cfg:3: disk:|strings" },
		{ BASE "disk=['phy:x,xvda,w', 'phy:y,d0,r']", "d.cfg:3: disk:|xvda twice" },
		{ BASE "disk=['phy:x']", "d.cfg:3: disk:|vdev" },
		{ BASE "disk=[',,xvda']", "disk:|target" },
		{ BASE "disk=['phy:x,yvda,w']", "disk:|vdev|yvda" },
		{ BASE "disk=['phy:x,xvda16384,w']", "disk:|vdev|xvda16384" },
		{ BASE "disk=['phy:x,536870912,w']", "disk:|vdev|536870912" },
		{ BASE "disk=['phy:x,4294967297,w']", "disk:|vdev|4294967297" },
		{ BASE "disk=['x,qcow2,xvda']", "disk:|format|raw|qcow2" },
		{ BASE "disk=['x,raw,xvda,rx']", "disk:|access|\"rx\"" },
		{ BASE "disk=['x,raw,xvda,rw,more']", "disk:|more" },
		{ BASE "disk=['file:x,xvda,w']", "disk:|absolute|\"x\"" },
		{ BASE "disk=['/tmp//x,,xvda']", "disk:|target|empty parts|\"/tmp//x\"" },
		{ BASE "disk=['/tmp/x/,,xvda']", "disk:|target|empty parts" },
		{ BASE "disk=['/tmp/./x,,xvda']", "disk:|target|empty parts" },
		{ BASE "disk=['/tmp/../tmp/x,,xvda']", "disk:|target|empty parts" },
		{ BASE "disk=['x,,xvda,backend=3']", "disk:|backend" },
		{ BASE "disk=['x,,xvda,script=/s']", "disk:|key|script=/s" },
		{ BASE "disk=['x,,xvda,grants=some']", "disk:|grants|persistent" },
		{ BASE "vif=['']\ndisk=3", "disk:|list" },
		{ BASE "vif=['mac=1']", "d.cfg:3: vif:|mac|pairs|\"1\"" },
		{ BASE "vif=['mac=01:16:3e:00:00:01']", "vif:|group" },
		{ BASE "vif=['rate=5']", "vif:|rate|10Mb/s@20ms|\"5\"" },
		{ BASE "vif=['script=x']", "vif:|unsupported key|script" },
		{ BASE "vif=['bridge=a/b']", "vif:|bridge|letters" },
		{ BASE "vif=['ip=10.0.0.256']", "vif:|ip|addresses" },
		{ BASE "vif=['devid=1','devid=1']", "vif:|devid|1 twice" },
		{ BASE "vif='mac'", "vif:|list" },
		{ BASE "bootloader='pygrub'", "bootloader:" },
		{ BASE "kernel=['a']", "d.cfg:3: kernel:|string" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_not_equal(read_text(wrong[i].text), 0);
		assert_err(&err, ERR_CONFIG, wrong[i].words);
	}
}

static void long_command_line(void **state)
{
	char text[1200];

	(void)state;
	snprintf(text, sizeof(text), BASE "cmdline='%1023d'", 1);
	assert_int_equal(read_text(text), 0);
	domain_config_free(&config);
	snprintf(text, sizeof(text), BASE "cmdline='%1024d'", 1);
	assert_int_not_equal(read_text(text), 0);
	assert_err(&err, ERR_CONFIG, "cmdline:|1023|1024");
}

static void copies(void **state)
{
	struct domain_config copy;

	(void)state;
	assert_int_equal(read_text(BASE "ramdisk='/r'"), 0);
	assert_int_equal(domain_config_copy(&copy, &config), 0);
	assert_ptr_not_equal(copy.kernel, config.kernel);
	assert_string_equal(copy.ramdisk, "/r");
	assert_null(copy.cmdline);
	domain_config_free(&copy);
	domain_config_free(&config);
}

int test_domain_cfg(size_t *total)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_defaults), cmocka_unit_test(reads_all),
		cmocka_unit_test(reads_cpus), cmocka_unit_test(names_disks), cmocka_unit_test(gives_addresses),
		cmocka_unit_test(cmdline_goes_first), cmocka_unit_test(names_the_mistake),
		cmocka_unit_test(long_command_line), cmocka_unit_test(copies),
	};

	return RUN_GROUP(tests, total);
}

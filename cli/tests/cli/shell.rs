//! Other programs, the person, keys, dates.

use crate::{brisk, error_of, output_of};

#[test]
fn environment() {
    assert_eq!(output_of("print env.BRISK_TEST"), "yes\n");
    assert!(
        error_of("env.NO_SUCH_THING").contains("Key Not Found: 'NO_SUCH_THING' not found in map")
    );
    assert_eq!(output_of("env.A = 5;print exec(\"echo $A$BRISK_TEST\").output"), "5yes\n");
    assert_eq!(
        output_of("env.remove \"BRISK_TEST\";print exec(\"echo x$BRISK_TEST\").output"),
        "x\n"
    );
    assert_eq!(
        output_of("print file.exists(env.MS_EXE_DIR) + file.exists(env.MS_SCRIPT_DIR)"),
        "2\n"
    );
    assert_eq!(
        output_of("print env.MS_IMPORT_PATH"),
        "$MS_SCRIPT_DIR:$MS_SCRIPT_DIR/lib:$MS_EXE_DIR/lib\n"
    );
}

#[cfg(unix)]
#[test]
fn commands() {
    let code = "print exec(\"echo hi\")
        print exec(\"echo out; echo err >&2; exit 3\")
        print exec(\"nosuchcommand 2>/dev/null\").status
        print exec(\"printf 'a\\n\\n'\").output.len
        print exec(\"kill -9 $$\").status
        print exec(\"head -c 200000 /dev/zero | tr '\\0' x\").output.len";
    let expected = "{\"output\": \"hi\", \"errors\": \"\", \"status\": 0}\n\
                    {\"output\": \"out\", \"errors\": \"err\", \"status\": 3}\n\
                    127\n2\n137\n200000\n";
    assert_eq!(output_of(code), expected);
}

#[cfg(unix)]
#[test]
fn commands_that_take_too_long() {
    let start = std::time::Instant::now();
    let expected = "{\"output\": \"\", \"errors\": \"Timed out\", \"status\": 124}\n";
    assert_eq!(output_of("print exec(\"sleep 20\", 0.2)"), expected);
    assert!(start.elapsed().as_secs() < 10);
}

/// What was printed before a command is before what the command prints.
#[cfg(unix)]
#[test]
fn order_of_output() {
    let mut command = std::process::Command::new("/bin/sh");
    let line = "\"$BRISK\" -c 'print 1;r=exec(\"echo 2 >/dev/fd/4\");print 3;x=nosuch' 4>&1 2>&1";
    command.arg("-c").arg(line).env("BRISK", env!("CARGO_BIN_EXE_brisk"));
    let ran = crate::finish(command, "");
    let expected =
        "Runtime Error: Undefined Identifier: 'nosuch' is unknown in this context [line 1]";
    assert_eq!(ran.stdout, format!("1\n2\n3\n{expected}\n"));
}

#[test]
fn questions() {
    let code = "a = input(\"name? \")\nb = input\nc = input\nprint [a, b, c]";
    assert_eq!(brisk(&["-c", code], "x\ny\r").stdout, "name? [\"x\", \"y\r\", null]\n");
    assert_eq!(brisk(&["-c", "print input(null)"], "").stdout, "null\n");
}

#[test]
fn keys() {
    let code = "print [key.available, key.get]
        key.put \"ab\"
        key.put 65
        key._putInFront 10
        print [key.available, key.get.code, key.get, key.get, key.get, key.get]
        key.put \"x\"
        key.clear
        print key.available
        print key._echo + key._scanMap[char(27) + \"[A\"].code";
    assert_eq!(output_of(code), "[0, null]\n[1, 10, \"a\", \"b\", \"A\", null]\n0\n20\n");
    assert_eq!(
        error_of("key.put null"),
        "Runtime Error: string or number required for keyChar [line 1]\n"
    );
    assert_eq!(
        error_of("key.pressed"),
        "Runtime Error: `key.pressed` is not implemented [line 1]\n"
    );
}

#[test]
fn dates() {
    let code = "print _dateVal(\"2000-01-02 03:04:05\")
        print _dateVal(17)
        print _dateStr(50000, \"hh:mm t\")
        print _dateStr(0, \"dddd, MMMM d yy\")
        print _dateStr(\"2020-02-30\")
        print _dateStr(-1)
        print _dateVal > 800000000
        print _dateStr == _dateStr(null)
        print _dateStr(1e300, \"s\").len > 0";
    let expected = "97445\n17\n01:53 P\nSaturday, January 1 00\n2020-03-01 00:00:00\n\
                    1999-12-31 23:59:59\n\
                    1\n1\n1\n";
    assert_eq!(output_of(code), expected);
}

#[test]
fn dates_know_the_time_zone() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_brisk"));
    let code =
        "print _dateStr(_dateVal(\"2000-07-01 12:00\"));print _dateVal(\"2000-07-01\") / 3600";
    command.args(["-c", code]).env("TZ", "Europe/Berlin");
    let ran = crate::finish(command, "");
    // 182 days, and an hour that was skipped; without rules of time zones, UTC.
    let hour = if std::path::Path::new("/usr/share/zoneinfo/Europe/Berlin").exists() {
        4367
    } else {
        4368
    };
    assert_eq!(ran.stdout, format!("2000-07-01 12:00:00\n{hour}\n"));
}

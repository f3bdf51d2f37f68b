// The two small programs that sshd runs: in Perl, which is on every Debian (perl-base is Essential) and starts in 3 ms, where
// Node takes 29 ms. They load no module, which would take 15 ms more, and so write an address of AF_UNIX as Linux has it.

/** Seconds after which one gives up: the door answers in milliseconds, and a person waits. */
const PATIENCE = 5

/** What the kernel calls this start of the machine. @see random(4) */
export const BOOT_ID = '/proc/sys/kernel/random/boot_id'

/** Without modules there are no names: AF_UNIX and SOCK_STREAM on every architecture of Linux but MIPS. */
const ASK = String.raw`sub ask {
  my ($path, $question) = @_;
  my $door;
  socket($door, 1, 1, 0) && connect($door, pack('Sa*', 1, $path)) or return;
  my $old = select($door); $| = 1; select($old);
  print $door $question, "\n" or return;
  local $/;
  return scalar <$door>;
}`

const HEAD = String.raw`$ENV{PATH} = '/usr/bin:/bin';
$SIG{PIPE} = 'IGNORE';
$SIG{ALRM} = sub { exit 1 };
alarm ${PATIENCE};
my ($here) = $0 =~ m{^(/[\x21-\x7e]*)/[^/]+$} or exit 1;
`

/**
 * AuthorizedPrincipalsCommand: prints the principals of those that may log in to an account. Arguments: %u, %k. What it is
 * asked with proves nothing: anyone may show a certificate, whose key is proved only after this.
 * @param whenAway Whether those that were let in before are let in while the door is away.
 */
export function principalsProgram(whenAway: boolean): string {
  const kept = String.raw`
my $kept;
if (!defined $answer && open($kept, '<', "$here/kept")) {
  while (<$kept>) { print "$3\n" if /^(\S+) (\S+) (\S+)$/ && $1 eq $account && $2 eq $certificate }
  exit 0;
}`
  return `#!/usr/bin/perl -T
# Written by the SSH door of Countersign: what is changed here is written over.
${HEAD}my ($account, $certificate) = @ARGV;
exit 1 unless @ARGV == 2 && "$account $certificate" =~ m{^[\\x21-\\x7e]+ [A-Za-z0-9+/=]+$};
${ASK}
my $answer = ask("$here/door", "$account $certificate");${whenAway ? kept : ''}
exit 1 unless defined $answer;
print $1 if $answer =~ /^yes\\n([\\x21-\\x7e\\n]*)$/;
`
}

/**
 * Run by pam_exec when sshd opens a session, as root and in a child of the process that watches over the session: sshd says
 * which certificates it has accepted there (SSH_AUTH_INFO_0). It notes that for a door that is away, asks, and ends the login
 * where the answer is no; what it prints stands on the user's terminal.
 */
export function openedProgram(whenAway: boolean): string {
  return `#!/usr/bin/perl -T
# Written by the SSH door of Countersign: what is changed here is written over.
${HEAD}exit 0 unless ($ENV{PAM_TYPE} || '') eq 'open_session';
my @certificates = ($ENV{SSH_AUTH_INFO_0} || '') =~ m{^publickey \\S+-cert-v01\\@openssh\\.com ([A-Za-z0-9+/=]+)$}mg;
# By a key that is in authorized_keys, or by a password: not the door's to judge.
exit 0 unless @certificates;
my $pid = getppid();
open(my $kernel, '<', '${BOOT_ID}') or exit 1;
my ($boot) = (<$kernel> || '') =~ /^([0-9a-f-]{36})$/ or exit 1;
open(my $stat, '<', "/proc/$pid/stat") or exit 1;
my ($start) = (<$stat> || '') =~ /^.*\\) \\S+(?: \\S+){18} (\\d+) /s or exit 1;
my ($account) = ($ENV{PAM_USER} || '') =~ /^([\\x21-\\x7e]+)$/ or exit 1;
my ($address, $port) = ($ENV{SSH_CONNECTION} || '') =~ /^([0-9a-fA-F.:]+)\\S* (\\d+) /;
my $who = join ' ', $pid, $start, $account, defined $port ? "$address,$port" : '-';
# More than one where sshd asks for more (AuthenticationMethods publickey,publickey): each must be let in.
my @lines = map { "$who $_" } @certificates;
umask 077;
my $note = "$here/sessions/$pid-$start";
my $file;
open($file, '>', "$note.new") && print($file join("\\n", @lines, $boot), "\\n") && close($file) && rename("$note.new", $note) or exit 1;
${ASK}
for my $line (@lines) {
  my $answer = ask("$here/opened.sock", $line);
  ${whenAway ? 'exit 0 unless defined $answer;\n  ' : ''}next if defined $answer && $answer =~ /^yes\\n/;
  unlink $note;
  print defined $answer && $answer =~ /^no\\n([\\x20-\\x7e\\n]*)$/ ? $1 : "the door of this host does not answer: try again, or tell its operator\\n";
  exit 1;
}
`
}

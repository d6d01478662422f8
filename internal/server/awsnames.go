package server

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"preamp/internal/httpx"
	"preamp/internal/userpool/hostedui"
)

// awsHosts are the host names of AWS that a server answers at when it was asked to.
func awsHosts() []string {
	return []string{
		"cognito-idp." + Region + ".amazonaws.com", "cognito-identity." + Region + ".amazonaws.com",
		"*.auth." + Region + ".amazoncognito.com",
	}
}

// isAWSHost reports whether a name is one of awsHosts.
func isAWSHost(name string) bool {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	return slices.ContainsFunc(awsHosts(), func(host string) bool {
		suffix, wild := strings.CutPrefix(host, "*")
		prefix, ok := strings.CutSuffix(name, suffix)
		if !wild {
			return name == host
		}
		return ok && prefix != "" && !strings.Contains(prefix, ".")
	})
}

// chooseCertificates takes the configured certificates, or those of the local
// authority. Names of AWS have the local authority in any case: nobody else gives
// certificates for them.
func (s *Server) chooseCertificates() (err error) {
	if s.awsNames {
		s.logger.Warn("this server answers at host names of AWS: trust its certificates only on machines where these names are meant to lead here",
			"names", awsHosts())
	}
	if s.certificates != nil && !s.awsNames {
		s.tls = s.certificates
		return nil
	}
	var hosts []string
	if s.certificates == nil {
		hosts = leafHosts(s.listener.Addr())
	}
	if s.awsNames {
		hosts = append(hosts, awsHosts()...)
	}
	if s.ca, err = httpx.OpenCA(filepath.Join(s.data, "ca"), hosts, s.logger); err != nil {
		return fmt.Errorf("local CA: %w", err)
	}
	s.tls = s.ca.TLSConfig()
	if s.certificates != nil {
		s.tls = byServerName(s.certificates, s.tls)
	}
	return nil
}

// byServerName answers handshakes for names of AWS by one configuration, and all
// others by another.
func byServerName(own, aws *tls.Config) *tls.Config {
	c := own.Clone()
	c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if isAWSHost(hello.ServerName) {
			return aws.GetCertificate(hello)
		}
		return own.GetCertificate(hello)
	}
	return c
}

// byHost leads the domains of user pools to their pages.
func (s *Server) byHost(pages *hostedui.UI) func(string) http.Handler {
	if !s.awsNames {
		return nil
	}
	domain := pages.Domain()
	return func(host string) http.Handler {
		if hostedui.IsDomain(host) {
			return domain
		}
		return nil
	}
}
